"""Log: numbers that a program wants beside its rates."""

from __future__ import annotations

import contextlib
import reprlib
import warnings
from typing import TYPE_CHECKING, Any

from lrscope.capture.active import active_recorder
from lrscope.capture.numbers import is_tensor

if TYPE_CHECKING:
    from collections.abc import Mapping


def log(*mappings: Mapping[str, Any], **values: Any) -> None:
    """Record numbers beside the rates, such as a metric of the validation.

    Without a recorder at work (``lrscope run`` or ``lrscope.record``) it does nothing,
    so it may stay in a program. A tensor on a device is not waited for.

    Args:
        *mappings: numbers by name, for names that are no keywords.
        **values: numbers by name: Python's, NumPy's, or tensors of one number. Others
            are left out with a warning; a training must not end because of them.

    Example:
        >>> log(validation_loss=0.31, accuracy=0.97)
        >>> log({"val/loss": 0.31, "val/accuracy": 0.97})
    """
    recorder = active_recorder()
    if recorder is None:
        return
    left_out = []
    for given in (*mappings, values):
        for name, value in _named(given).items():
            number = _number(value)
            if isinstance(name, str) and number is not None:
                recorder.log(name, number)
            else:
                left_out.append(_told(name, value))
    if left_out:
        told = ", ".join(left_out)
        message = f"lrscope.log takes numbers by name, got {told}; left out"
        with contextlib.suppress(Warning):  # where warnings are errors
            warnings.warn(message, stacklevel=2)


def _named(given: Any) -> dict[Any, Any]:
    """Return values by name; what cannot be read as a mapping has None."""
    try:
        return dict(given.items())
    except Exception:  # noqa: BLE001 - whatever it is, it is no mapping
        return {None: given}


def _told(name: Any, value: Any) -> str:
    """Return what was given: short, and never an exception."""
    told = reprlib.repr(value)
    if name is None:
        return told
    return f"{name if isinstance(name, str) else reprlib.repr(name)}={told}"


def _number(value: Any) -> Any:
    """Return a number, or a tensor of one; None for anything else."""
    if isinstance(value, (str, bytes)):
        return None
    try:
        if is_tensor(value):
            return value if value.numel() == 1 and not value.is_complex() else None
        return float(value.item() if getattr(value, "ndim", 0) else value)
    except Exception:  # noqa: BLE001 - whatever it is, it is no number
        return None
