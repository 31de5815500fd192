"""Known: what a recorder knows of the rates of a group while the program runs."""

from __future__ import annotations

from typing import NamedTuple


class Known(NamedTuple):
    """The rates of a group so far; None where there is none, or it is no number.

    Attributes:
        applied: the rate of the last update.
        effective: the rate of the last step that was measured.
        effective_step: index of that step among the updates.
    """

    applied: float | None = None
    effective: float | None = None
    effective_step: int | None = None

    @staticmethod
    def of(applied: float | None, effective: tuple[float, int] | None) -> Known:
        """Return what is known; NaN is nothing."""
        if applied is not None and applied != applied:
            applied = None
        if effective is None or effective[0] != effective[0]:
            return Known(applied)
        return Known(applied, *effective)
