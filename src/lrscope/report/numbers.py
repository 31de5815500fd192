"""Numbers: as people write them; neither nan nor a negative zero is among them."""

from __future__ import annotations

import math


def rate(value: float | None) -> str:
    """Return a rate in three digits, the way people write rates."""
    if value is None:
        return "–"
    return known(value, ".2e") if math.isfinite(value) else f"{value:g}"


def known(value: float, form: str) -> str:
    """Return a number in a form, zero as 0; a dash where there is none."""
    if value == 0:
        return "0"
    return f"{value:{form}}" if math.isfinite(value) else "–"
