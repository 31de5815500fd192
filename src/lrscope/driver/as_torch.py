"""As torch: a schedule for programs that insist on an LRScheduler."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lrscope.driver import checkpoint
from lrscope.driver.driven_groups import DrivenGroups
from lrscope.driver.ownership import inside, own, refuse_driven, shown
from lrscope.driver.plan import Plan, Selection
from lrscope.driver.stateful_control import StatefulControl
from lrscope.errors import ScheduleError, UsageError
from lrscope.schedules.arguments import whole
from lrscope.schedules.shapes.constant import constant
from lrscope.schedules.written.as_json import to_json

if TYPE_CHECKING:
    from lrscope.driver.planned_values import PlannedValues
    from lrscope.schedules.clock import Clock
    from lrscope.schedules.schedule import Schedule


def as_torch(
    schedule: Selection,
    optimizer: Optimizer,
    *,
    clock: Clock | None = None,
    last_epoch: int = -1,
    on_change: str | None = None,
) -> ScheduleLR:
    """Return a schedule as a real ``torch.optim.lr_scheduler.LRScheduler``.

    For Lightning, transformers, accelerate and others that step a scheduler
    themselves. Where nothing insists, `drive` leaves nothing to step.

    Every rate is computed from the step alone: a checkpoint that is loaded before or
    after the optimizer's, or before or after this was made, gives the same rates.

    Args:
        schedule: As for ``drive``: for all groups, or a mapping.
        optimizer: Any ``torch.optim.Optimizer``.
        clock: Turns lengths such as "3ep" or "10%" into steps.
        last_epoch: As torch has it: how often it was stepped before, or -1.
        on_change: What ``load_state_dict`` does if the checkpoint follows another
            schedule: "keep new", "keep old" or "splice"; refuse if None.

    Raises:
        UsageError: If the schedule does not fit the groups, or the optimizer has a
            driver.
        ScheduleError: If a length has a unit that the clock does not know, or a rate
            is negative or not finite.

    >>> import torch
    >>> import lrscope
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    >>> scheduler = lrscope.as_torch(lrscope.linear(2), optimizer)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.05]
    """
    if not isinstance(optimizer, Optimizer):
        msg = (  # type: ignore[unreachable]
            f"as_torch needs a torch.optim.Optimizer, got {shown(optimizer)}"
        )
        raise UsageError(msg)
    inner = inside(optimizer)
    refuse_driven(inner)
    how = checkpoint.checked(on_change)
    plan = Plan.of({"lr": schedule}, clock)
    checkpoint.say_unsaved(plan)
    scheduler = ScheduleLR(optimizer, plan, last_epoch, how)
    own(inner, scheduler)
    return scheduler


class ScheduleLR(LRScheduler):
    """A schedule that is stepped by hand, once after every optimizer step.

    Made by ``lrscope.as_torch``.

    Attributes:
        schedules: What every group follows, for those who import live schedulers.
        followed: The same as JSON, for recordings; None where it has no such form.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        plan: Plan,
        last_epoch: int = -1,
        on_change: str | None = None,
    ) -> None:
        """Write the first rates, as every torch scheduler does."""
        self.on_change = on_change
        self.schedules: list[Schedule] = []
        self.followed: list[str | None] = []
        self._control = StatefulControl(None)
        self._driven = DrivenGroups(plan, "join")
        self._driven.look(optimizer.param_groups, 0, 1.0)  # refuse before torch writes
        self._planned: list[PlannedValues] = []
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the rate of every group at the present step."""
        self._look()
        rates = [group["lr"] for group in self.optimizer.param_groups]
        for planned in self._driven.planned:
            value = planned.at(self.last_epoch)
            for each in planned.numbers:
                rates[each.position] = value * each.scale
        return rates

    def _look(self) -> None:
        """Take in groups that were added or loaded, each with its own base rate."""
        groups = self.optimizer.param_groups
        self._driven.look(groups, self.last_epoch, 1.0)
        if self._driven.planned is self._planned:
            return
        self._planned = self._driven.planned
        numbers = [each.numbers.get("lr") for each in self._driven.all]
        for each, group in zip(numbers, groups):
            group.setdefault("initial_lr", float(group["lr"]))
            if each is not None:
                group["initial_lr"] = each.base
        self.base_lrs = [float(group["initial_lr"]) for group in groups]
        self.schedules = [each.schedule if each else constant(1.0) for each in numbers]
        self.followed = list(map(_written, self.schedules))

    def state_dict(self) -> dict[str, Any]:
        """Return the step, the base rates and the schedules as plain data.

        Raises:
            ScheduleError: If a schedule holds a function without a name.
        """
        self._look()
        step, written = self.last_epoch, (self.last_epoch, 1.0)
        plain = checkpoint.to_plain(step, written, self._driven, self._control)
        return {**plain, "_step_count": self._step_count}

    def load_state_dict(
        self, state_dict: dict[str, Any], on_change: str | None = None
    ) -> None:
        """Go on from a checkpoint and write its rates at once.

        Args:
            state_dict: What ``state_dict`` returned.
            on_change: As for ``as_torch``, for this time.

        Raises:
            UsageError: If the schedule is another one, or the state is damaged.
        """
        self._look()
        how = checkpoint.checked(on_change or self.on_change)
        checkpoint.check_format(state_dict)
        who = "the state of as_torch(…) needs _step_count"
        count = whole(who, state_dict.get("_step_count"))
        step, _ = checkpoint.load(state_dict, self._driven, self._control, how)
        self.last_epoch, self._step_count = step, count
        rates = self.get_lr()
        for each in self._driven.numbers():
            each.write(rates[each.position])
        self._last_lr = rates


def _written(schedule: Schedule) -> str | None:
    try:
        return json.dumps(to_json(schedule))
    except ScheduleError:
        return None
