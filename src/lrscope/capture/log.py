"""Log: numbers that a program wants beside its rates."""

from __future__ import annotations

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
            message = f"lrscope.log takes numbers, got {name}={value!r:.80}; left out"
            warnings.warn(message, stacklevel=2)
        elif recorder is not None:
            recorder.log(name, number)


def _number(value: Any) -> Any:
    """Return a number, or a tensor of one; None for anything else."""
    if is_tensor(value):
        return value if value.numel() == 1 and not value.is_complex() else None
    if isinstance(value, (str, bytes)):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
