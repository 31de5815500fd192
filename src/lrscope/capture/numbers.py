"""Numbers: what of a group's values can be read as such, here and now."""

from __future__ import annotations

from typing import Any

NAN = float("nan")


def numbers_in(value: Any) -> list[float] | None:
    """Return the numbers in a setting, or None if it holds something else."""
    values = value if isinstance(value, (tuple, list)) else (value,)
    found = []
    for each in values:
        if isinstance(each, (int, float)) and not isinstance(each, bool):
            found.append(float(each))
        elif is_on_host(each):
            found.append(float(each.item()))
        else:
            return None
    return found


def is_tensor(value: Any) -> bool:
    """Say whether ``value`` is a tensor, without importing torch."""
    return hasattr(value, "is_cuda") and hasattr(value, "item")


def is_on_host(value: Any) -> bool:
    """Say whether ``value`` is a tensor of one number that can be read at once."""
    return is_tensor(value) and value.device.type == "cpu" and value.numel() == 1


def is_late(value: Any) -> bool:
    """Say whether ``value`` is a tensor of one number that is on a device."""
    return is_tensor(value) and value.device.type != "cpu" and value.numel() == 1


def told(value: Any) -> str:
    """Return what a value is; a tensor's numbers may be far, and are not asked for."""
    if is_tensor(value):
        return f"tensor of {list(value.shape)} on {value.device}"
    return repr(value)[:100]


def number_or_nan(value: Any) -> float:
    """Return a number as float64, NaN for what is none or is on a device."""
    number = number_of(value)
    return NAN if number is None else number


def number_of(value: Any) -> float | None:
    """Return a number as float64, None for what is none or is on a device."""
    try:
        if is_tensor(value):
            return float(value.item()) if is_on_host(value) else None
        return float(value) if not isinstance(value, str) else None
    except (TypeError, ValueError, OverflowError):
        return None
