"""The reading: what is known of one driven number."""

from __future__ import annotations

from typing import NamedTuple


class Reading(NamedTuple):
    """One driven number of one group.

    Attributes:
        group: Name of the group.
        key: What is driven: "lr", "momentum", "betas[0]" …
        applied: What the last real update used; None before the first.
        planned: What the next update will use.
        held: What the group holds now.
    """

    group: str
    key: str
    applied: float | None
    planned: float
    held: float
