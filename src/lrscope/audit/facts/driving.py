"""Driving: the optimizer that a scheduler drives, as far as that is known."""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.recording.epochs import Epochs


class Driving(ABC):
    """What drives an optimizer; without one there is nothing, and no mistake."""

    optimizer: Optimizer | None
    group_name = None

    @property
    def optimizer_name(self) -> str | None:
        """The optimizer's name; None if it is not known."""
        return self.optimizer.name if self.optimizer else None

    @property
    def groups(self) -> tuple[Group, ...]:
        """Its groups, those that were updated."""
        return self.optimizer.groups if self.optimizer else ()

    @property
    def calls(self) -> NDArray[np.int64]:
        """Rows of its calls of ``step()``, skipped ones included."""
        return self.optimizer.calls if self.optimizer else np.zeros(0, np.int64)

    @property
    def updates(self) -> int:
        """How many calls updated parameters."""
        return self.optimizer.updates if self.optimizer else 0

    @property
    def throughout(self) -> tuple[int, int]:
        """The first and the last update."""
        return self.optimizer.throughout if self.optimizer else (0, 0)

    @property
    def epochs(self) -> Epochs | None:
        """The passes over data in which it was called; None if none was seen."""
        return self.optimizer.epochs if self.optimizer else None

    @property
    def ended_within_a_pass(self) -> bool:
        """Whether the run ended before a pass over the data did."""
        return self.epochs is not None and not self.epochs.ended_whole

    @property
    def given_up(self) -> bool:
        """Whether another optimizer was first called after its last call."""
        own = self.optimizer
        if own is None or not own.calls.size:
            return False
        return own.training.last_begun > int(own.calls[-1])

    @property
    def only_rose(self) -> bool:
        """Whether the rates moved, and never fell."""
        rising = [(np.diff(each.applied) >= 0).all() for each in self.groups]
        return all(rising) and any(each.changes.size for each in self.groups)
