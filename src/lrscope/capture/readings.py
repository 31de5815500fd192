"""Readings: the five rates of an optimizer by name, now.

Nothing is imported from torch: the objects that are passed in know it already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lrscope.capture.active import applied_by
from lrscope.errors import UsageError
from lrscope.group_names import names_of

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler


class Readings(NamedTuple):
    """The five rates of one parameter group; None where a rate is not to be had.

    Attributes:
        group: name of the group.
        applied: the rate of the last step that really updated parameters. Known
            while a recorder is at work (``lrscope run`` or ``lrscope.record``).
        next: what the next ``optimizer.step()`` will use, if nobody changes it.
        scheduler_last: what the scheduler last wrote, ``get_last_lr()``.
        planned: what a declared plan says. No plan can be declared yet: None.
        effective: how far parameters moved for the gradient they got. Not measured
            yet: None.
    """

    group: str
    applied: float | None
    next: float
    scheduler_last: float | None
    planned: float | None
    effective: float | None


def readings(
    optimizer: Optimizer, scheduler: LRScheduler | None = None
) -> tuple[Readings, ...]:
    """Return the rates of every group of ``optimizer``, in the order of its groups.

    A rate that lives on a GPU is waited for; call it where waiting does no harm.

    Args:
        optimizer: any ``torch.optim.Optimizer``.
        scheduler: one that drives it, for what that last wrote.

    Raises:
        UsageError: ``optimizer`` has no parameter groups.

    Example:
        >>> import torch
        >>> weight = torch.nn.Parameter(torch.zeros(1))
        >>> optimizer = torch.optim.SGD([weight], lr=0.1)
        >>> scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        >>> readings(optimizer, scheduler)[0].next
        0.1
    """
    groups = getattr(optimizer, "param_groups", None)
    if groups is None:
        msg = f"readings needs an optimizer with param_groups, got {optimizer!r}"
        raise UsageError(msg)
    names = names_of(groups)
    applied = applied_by(optimizer) or [None] * len(groups)
    last = _last_of(scheduler, len(groups))
    return tuple(
        Readings(name, before, float(group["lr"]), written, None, None)
        for name, before, group, written in zip(names, applied, groups, last)
    )


def _last_of(scheduler: Any, count: int) -> list[float | None]:
    try:
        last = [float(each) for each in scheduler.get_last_lr()]
    except AttributeError:  # no scheduler, or one that was never stepped
        last = []
    return [*last, *[None] * count][:count]
