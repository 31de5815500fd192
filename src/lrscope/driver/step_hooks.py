"""The step hooks: what a driver does at every step of the optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, TypeVar

import torch

from lrscope.driver.notices import notice
from lrscope.driver.updates import Undecided, gradient_in, no_parameter
from lrscope.sites import unseen

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from lrscope.driver.driven_groups import DrivenGroups
    from lrscope.driver.driven_number import DrivenNumber
    from lrscope.driver.planned_values import PlannedValues
    from lrscope.driver.stateful_control import StatefulControl

UNMOVED = 10
"""Steps in a row without any gradient after which a driver says so."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def aside(function: _Function) -> _Function:
    """Let compilers pass over ``function`` and all that it calls, for 1 µs a call."""
    return torch.compiler.disable(function)  # type: ignore[no-any-return, no-untyped-call]


class StepHooks:
    """Writes before every step and counts the updates; it changes with each.

    The optimizer holds it by its hooks. It does not hold the optimizer, so both go
    together, and a copy of the optimizer is not driven.

    Compilers pass over code that is `unseen` at no cost, but not over what it calls:
    at every step that is built-in functions alone, and what is put `aside`.

    Args:
        optimizer: Whose steps to hook.
        driven: What to write where.
        control: Gives the factor of all learning rates.

    Attributes:
        last: Step and factor of the last real update, if there was one.
        written: Step and factor of what was last written, if anything was.
        stopped: Whether it was told to stop.
    """

    def __init__(
        self, optimizer: Optimizer, driven: DrivenGroups, control: StatefulControl
    ) -> None:
        self.driven, self.control = driven, control
        self.last: tuple[int, float] | None = None
        self.written: tuple[int, float] | None = None
        self.stopped = False
        self._step = self._unmoved = 0
        self._armed = self._live = self._told = self._begun = False
        self._due = True  # to look again before the next step
        self._undecided: Undecided | None = None
        self._probe: Any = no_parameter
        self._hooks = (
            optimizer.register_step_pre_hook(self._before),
            optimizer.register_step_post_hook(self._after),
        )

    @property
    def step(self) -> int:
        """How many updates there were."""
        self._decide()
        return self._step

    def go_on_from(self, step: int, written: tuple[int, float] | None) -> None:
        """Go on from a step of a checkpoint."""
        self._undecided, self.last = None, None
        self._step, self.written = step, written

    def stop(self) -> None:
        """Write and count no more."""
        self.stopped = True
        for each in self._hooks:
            each.remove()

    @unseen
    def _before(  # noqa: C901 - runs at every step
        self, optimizer: Any, _args: Any, _kwargs: Any
    ) -> None:
        """Write the values for this step; runs at every step."""
        groups, driven = optimizer.param_groups, self.driven
        if len(groups) != driven.count or groups is not driven.groups or self._due:
            self._look_again(optimizer)
        parameter = self._probe()
        self._live = parameter is not None and parameter.grad is not None
        if not self._live:
            self._find_gradient(optimizer)
        step, factor = self._step, self.control.state.factor
        for planned in driven.planned:
            at = step - planned.start
            if not 0 <= at < planned.size:
                self._load(planned, step)
                at = 0
            value = planned.values[at]
            if planned.are_rates:
                value *= factor
            for number in planned.numbers:
                group, key = number.group, number.key
                if groups[number.position] is not group:
                    self._look_again(optimizer)
                    return self._before(optimizer, _args, _kwargs)
                found = group[key]
                new = value * number.scale
                if type(found) is float:
                    if found is not number.written and found != number.written:
                        self._say_so(number, found)
                    group[key] = number.written = new
                elif (foreign := number.write(new)) is not None:
                    self._say_so(number, foreign)
        self.written, self._armed = (step, factor), True
        return None

    @unseen
    def _after(self, optimizer: Any, _args: Any, _kwargs: Any) -> None:
        """Go on to the next step if parameters were updated.

        A step that raised never gets here. Of nested steps only the innermost counts.
        """
        if not self._armed:
            return
        self._armed = False
        if not self._live:
            self._find_gradient(optimizer)  # a closure may have made it
            if not self._live:
                self._say_unmoved()
                return
        self._unmoved = 0
        found = getattr(optimizer, "found_inf", None)
        if found is not None:
            self._undecided, self._due = Undecided(found), True
            return
        self.last = self.written
        self._step += 1

    @aside
    def _look_again(self, optimizer: Any) -> None:
        """Look at what changed since the last step; say once what is unclear."""
        self._due = False
        self._decide()
        self.look(optimizer)
        if not self._begun:
            self._begun = True
            self.driven.say_unclear()

    def look(self, optimizer: Any) -> None:
        """Look at the groups; say which ones were added."""
        self.driven.look(optimizer.param_groups, self.step, self.control.factor)

    def _decide(self) -> None:
        """Find out whether the last step updated anything, if it is not known yet."""
        undecided, self._undecided = self._undecided, None
        if undecided is not None and undecided.updated():
            self.last = self.written
            self._step += 1

    @aside
    def _load(self, planned: PlannedValues, step: int) -> None:
        planned.load(step)

    @aside
    def _find_gradient(self, optimizer: Any) -> None:
        self._probe = gradient_in(optimizer.param_groups)
        self._live = self._probe is not no_parameter

    @aside
    def _say_so(self, number: DrivenNumber, found: Any) -> None:
        """Say that somebody else writes what is driven."""
        if not self._told:
            self._told = True
            notice(
                "two-writers",
                f"{number.label} was set to {float(found):.6g} by something else "
                f"before step {self._step}; the driver writes it at every step: take "
                "out the scheduler or the line that writes it",
            )

    @aside
    def _say_unmoved(self) -> None:
        self._unmoved += 1
        if self._unmoved == UNMOVED:
            notice(
                "no-gradient",
                f"{UNMOVED} steps in a row had no gradient at all; the driver stays at "
                f"step {self._step}, for nothing was updated",
            )
