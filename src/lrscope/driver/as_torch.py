"""As torch: a schedule for programs that insist on an LRScheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lrscope.driver import checkpoint
from lrscope.driver.groups import names_of
from lrscope.driver.plan import Plan, Selection
from lrscope.driver.saved import difference, refusal, spliced
from lrscope.errors import UsageError
from lrscope.schedules.arguments import finite, whole
from lrscope.schedules.shapes.constant import constant
from lrscope.schedules.written.as_json import from_json, to_json

if TYPE_CHECKING:
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
        UsageError: If the schedule does not fit the groups.
        ScheduleError: If a length has a unit that the clock does not know.

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
            f"as_torch needs a torch.optim.Optimizer, got {optimizer!r}"
        )
        raise UsageError(msg)
    plan = Plan.of({"lr": schedule}, clock)
    plan.check(optimizer.param_groups)
    return ScheduleLR(optimizer, plan, last_epoch, checkpoint.checked(on_change))


class ScheduleLR(LRScheduler):
    """A schedule that is stepped by hand, once after every optimizer step.

    Made by ``lrscope.as_torch``.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        plan: Plan,
        last_epoch: int = -1,
        on_change: str | None = None,
    ) -> None:
        """Write the first rates, as every torch scheduler does."""
        self.plan, self.on_change = plan, on_change
        self.declared: list[Schedule] = []
        self.followed: list[Schedule] = []
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the rate of every group at the present step."""
        self._meet_groups()
        return [
            each(self.last_epoch) * (1.0 if each.is_rate else base)
            for each, base in zip(self.followed, self.base_lrs)
        ]

    def _meet_groups(self) -> None:
        """Take in groups that were added, each with its own base rate."""
        groups = self.optimizer.param_groups
        self.base_lrs = list(map(_number, self.base_lrs))
        names = names_of(groups)
        for index in range(len(self.declared), len(groups)):
            group = groups[index]
            if index >= len(self.base_lrs):
                initial = group.setdefault("initial_lr", _number(group["lr"]))
                self.base_lrs.append(_number(initial))
            found = self.plan.of_group(index, names[index], group)
            schedule = found.get("lr", constant(1.0))
            self.declared.append(schedule)
            self.followed.append(schedule)

    def state_dict(self) -> dict[str, Any]:
        """Return the step, the base rates and the schedules as plain data.

        Raises:
            ScheduleError: If a schedule holds a function without a name.
        """
        return {
            "format": checkpoint.FORMAT,
            "last_epoch": self.last_epoch,
            "_step_count": self._step_count,
            "base_lrs": list(map(_number, self.base_lrs)),
            "_last_lr": list(map(_number, self.get_last_lr())),
            "declared": [to_json(each) for each in self.declared],
            "followed": [to_json(each) for each in self.followed],
        }

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
        how = checkpoint.checked(on_change or self.on_change)
        who = "the state of as_torch(…) needs"
        try:
            declared = [from_json(each) for each in state_dict["declared"]]
            followed = [from_json(each) for each in state_dict["followed"]]
            last_epoch = whole(f"{who} last_epoch", state_dict["last_epoch"])
            bases = [finite(f"{who} base_lrs", each) for each in state_dict["base_lrs"]]
            count = whole(f"{who} _step_count", state_dict["_step_count"])
            if state_dict["format"] != checkpoint.FORMAT:
                msg = f"{who} format {checkpoint.FORMAT}, got {state_dict['format']!r}"
                raise UsageError(msg)
        except (KeyError, TypeError, ValueError) as error:
            msg = f"the state of as_torch(…) is needed: {type(error).__name__}: {error}"
            raise UsageError(msg) from error
        self._meet_groups()
        groups = zip(names_of(self.optimizer.param_groups), declared, self.declared)
        changes = [
            f"lr of group {name!r}: was {was!r}, now {now!r}; {difference(was, now)}"
            for name, was, now in groups
            if difference(was, now)
        ]
        if changes and how is None:
            raise UsageError(refusal(changes, last_epoch))
        for index, (was, old, now) in enumerate(zip(declared, followed, self.declared)):
            self.followed[index] = old
            if difference(was, now) and how != "keep old":
                self.followed[index] = (
                    now if how == "keep new" else spliced(old, now, last_epoch)
                )
        self.base_lrs[: len(bases)] = bases[: len(self.base_lrs)]
        self.last_epoch, self._step_count = last_epoch, count
        self._write()

    def _write(self) -> None:
        rates = self.get_lr()
        for group, base, rate in zip(self.optimizer.param_groups, self.base_lrs, rates):
            group["initial_lr"] = base
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
        self._last_lr = rates


def _number(value: Any) -> float:
    return float(value)
