"""Refused: an optimizer of torch whose constructor raised, which ended the process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrscope.audit.facts.site import distinct, site_of

if TYPE_CHECKING:
    from lrscope.audit.facts.site import Sites
    from lrscope.audit.facts.training import Training


@dataclass(frozen=True)
class Refused:
    """An optimizer that was never made.

    Attributes:
        training: the process that wanted it.
        told: its class, its rate and the user's line, as recorded.
    """

    training: Training
    told: dict[str, Any]

    optimizer_name = None
    group_name = None

    @property
    def lr(self) -> Any:
        """The rate it was to have."""
        return self.told.get("lr")

    @property
    def where(self) -> Sites:
        """The line that asked for it."""
        return distinct(site_of(self.told))

    @property
    def ratios(self) -> dict[str, Any]:
        """Nothing happened beside it."""
        return {}


def refused_in(training: Training) -> Refused | None:
    """Return the optimizer whose refusal ended a process, if one did."""
    told = (training.ending.exception or {}).get("refused")
    return Refused(training, told) if isinstance(told, dict) else None
