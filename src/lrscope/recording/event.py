"""Event: what all events have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Site: TypeAlias = "tuple[str, int] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events; never made itself."""

    row: int
    time: float
