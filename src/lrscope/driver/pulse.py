"""The pulse: what a driver does at every step of the optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.driver.notices import notice
from lrscope.driver.untraced import aside, untraced
from lrscope.driver.updates import Undecided, gradient_in, no_parameter

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from lrscope.driver.dial import Dial
    from lrscope.driver.lane import Lane
    from lrscope.driver.rule import Rule
    from lrscope.driver.seats import Seats

UNMOVED = 10
"""Steps in a row without any gradient after which a driver says so."""


class Pulse:
    """Writes before every step and counts the updates; it changes with each.

    The optimizer holds it by its hooks. It does not hold the optimizer, so both go
    together, and a copy of the optimizer is not driven.

    Args:
        optimizer: Whose steps to hook.
        seats: What to write where.
        rule: Gives the factor of a metric-driven control.

    Attributes:
        last: Step and factor of the last real update, if there was one.
        written: Step and factor of what was last written, if anything was.
        stopped: Whether it was told to stop.
    """

    def __init__(self, optimizer: Optimizer, seats: Seats, rule: Rule) -> None:
        self.seats, self.rule = seats, rule
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

    @untraced
    def _before(  # noqa: C901 - runs at every step
        self, optimizer: Any, _args: Any, _kwargs: Any
    ) -> None:
        """Write the values for this step; runs at every step."""
        groups, seats = optimizer.param_groups, self.seats
        if len(groups) != seats.count or groups is not seats.groups or self._due:
            self._look_again(optimizer)
        parameter = self._probe()
        self._live = parameter is not None and parameter.grad is not None
        if not self._live:
            self._find_gradient(optimizer)
        step, factor = self._step, self.rule.state.factor
        for lane in seats.lanes:
            at = step - lane.start
            if not 0 <= at < lane.size:
                self._load(lane, step)
                at = 0
            value = lane.values[at]
            if lane.controlled:
                value *= factor
            for dial in lane.dials:
                group, key = dial.group, dial.key
                if groups[dial.position] is not group:
                    self._look_again(optimizer)
                    return self._before(optimizer, _args, _kwargs)
                found = group[key]
                new = value * dial.scale
                if type(found) is float:
                    if found is not dial.written and found != dial.written:
                        self._say_so(dial, found)
                    group[key] = dial.written = new
                elif (foreign := dial.write(new)) is not None:
                    self._say_so(dial, foreign)
        self.written, self._armed = (step, factor), True
        return None

    @untraced
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
        found = optimizer.__dict__.get("found_inf")
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
            self.seats.say_unclear()

    def look(self, optimizer: Any) -> None:
        """Look at the groups; say which ones were added."""
        for seat in self.seats.fill(optimizer.param_groups, self.step):
            rates = ", ".join(
                f"{each.label} {each.planned(self._step, self.rule.state.factor):.6g}"
                for each in seat.dials.values()
            )
            notice(
                "group-added",
                f"group {seat.name!r} was added at step {self._step} and "
                f"{'begins with ' + rates if rates else 'is not driven'}",
            )

    def _decide(self) -> None:
        """Find out whether the last step updated anything, if it is not known yet."""
        undecided, self._undecided = self._undecided, None
        if undecided is not None and undecided.updated():
            self.last = self.written
            self._step += 1

    @aside
    def _load(self, lane: Lane, step: int) -> None:
        lane.load(step)

    @aside
    def _find_gradient(self, optimizer: Any) -> None:
        self._probe = gradient_in(optimizer.param_groups)
        self._live = self._probe is not no_parameter

    @aside
    def _say_so(self, dial: Dial, found: Any) -> None:
        """Say that somebody else writes what is driven."""
        if not self._told:
            self._told = True
            notice(
                "two-writers",
                f"{dial.label} was set to {float(found):.6g} by something else before "
                f"step {self._step}; the driver writes it at every step: take out the "
                "scheduler or the line that writes it",
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
