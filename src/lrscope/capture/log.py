"""Log: numbers that a program wants beside its rates."""

from __future__ import annotations

import reprlib
import warnings
from typing import Any

from lrscope.capture.active import active_recorder
from lrscope.capture.groups import is_tensor


def log(**values: Any) -> None:
    """Record numbers beside the rates, such as a metric of the validation.

    Without a recorder at work (``lrscope run`` or ``lrscope.record``) it does nothing,
    so it may stay in a program. A tensor on a device is not waited for.

    Args:
        **values: numbers by name: Python's, NumPy's, or tensors of one number. Others
            are left out with a warning; a training must not end because of them.

    Example:
        >>> log(validation_loss=0.31, accuracy=0.97)
    """
    recorder = active_recorder()
    for name, value in values.items():
        number = _number(value)
        if number is None:
            told = reprlib.repr(value)  # short, and never an exception
            message = f"lrscope.log takes numbers, got {name}={told}; left out"
            warnings.warn(message, stacklevel=2)
        elif recorder is not None:
            recorder.log(name, number)


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
