"""The stateful control: a control at work, with what it remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.errors import UsageError
from lrscope.schedules.control.control import State

if TYPE_CHECKING:
    from lrscope.schedules.control.control import Control


class StatefulControl:
    """The control that a driver obeys, if any; its state changes with every metric.

    Attributes:
        declared: What the program said.
        control: What is obeyed; another one only after "keep old".
        state: Holds the factor.
    """

    __slots__ = ("control", "declared", "state")

    def __init__(self, control: Control | None) -> None:
        self.declared = self.control = control
        self.state = State() if control is None else control.start()

    @property
    def factor(self) -> float:
        """What every learning rate is multiplied by now."""
        return self.state.factor

    def report(self, metric: float) -> float:
        """Take a metric; return the factor from now on.

        Raises:
            UsageError: If there is no control.
        """
        if self.control is None:
            msg = (
                "report needs a control: drive(…, control=lrscope.plateau()); "
                f"got {metric!r} and have nothing that would answer to it"
            )
            raise UsageError(msg)
        self.state, factor = self.control(self.state, metric)
        return factor
