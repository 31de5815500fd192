"""Five rates: what is known of the rates of a live optimizer, each by its name.

Composes what the recorder saw with what was planned. Nothing is imported from torch:
the objects that are passed in know it already.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from lrscope.capture.active import rates_of
from lrscope.capture.known import Known
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
        next: what the next ``optimizer.step()`` will use, if nobody changes it. A
            driver (``lrscope.drive``) writes it when that step begins.
        scheduler_last: what the scheduler last wrote, ``get_last_lr()``.
        planned: what the plan says for the next step: that of ``lrscope.drive``, or
            else of the scheduler that was passed in. None without either, and where a
            scheduler has no plan that can be known (driven by a metric, or by code).
        effective: the rate that plain SGD would have needed for the movement of the
            last measured step. Known while a recorder measures
            (``lrscope run --effective`` or ``lrscope.record(effective="")``); of
            sharded parameters it is that of this process's shard.
        effective_step: index of that step among the updates of the optimizer, from 0,
            as in ``Track.steps``; not every step is measured, so it may be older than
            ``applied``. None if ``effective`` is.
    """

    group: str
    applied: float | None
    next: float
    scheduler_last: float | None
    planned: float | None
    effective: float | None
    effective_step: int | None


def readings(
    optimizer: Optimizer, scheduler: LRScheduler | None = None
) -> tuple[Readings, ...]:
    """Return the rates of every group of ``optimizer``, in the order of its groups.

    A rate that lives on a GPU is waited for; call it where waiting does no harm.

    Args:
        optimizer: any ``torch.optim.Optimizer``.
        scheduler: one that drives it, for what that last wrote and what it plans.

    Raises:
        UsageError: ``optimizer`` has no parameter groups.

    Example:
        >>> import torch
        >>> weight = torch.nn.Parameter(torch.zeros(1))
        >>> optimizer = torch.optim.SGD([weight], lr=0.1)
        >>> scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> readings(optimizer, scheduler)[0].planned
        0.05
    """
    groups = getattr(optimizer, "param_groups", None)
    if groups is None:
        msg = f"readings needs an optimizer with param_groups, got {optimizer!r}"
        raise UsageError(msg)
    known = rates_of(optimizer) or [Known()] * len(groups)
    driven = _driven(optimizer)
    absent = [None] * len(groups)
    return tuple(
        Readings(
            name,
            own.applied,
            float(group["lr"]) if drives is None else drives,
            written,
            plan,
            *own[1:],
        )
        for name, group, own, written, plan, drives in zip(
            names_of(groups),
            groups,
            known,
            _last_of(scheduler, len(groups)),
            [*(driven or _scheduled(scheduler)), *absent],
            [*driven, *absent],
        )
    )


def _last_of(scheduler: Any, count: int) -> list[float | None]:
    try:
        last = [float(each) for each in scheduler.get_last_lr()]
    except AttributeError:  # no scheduler, or one that was never stepped
        last = []
    return [*last, *[None] * count][:count]


def _driven(optimizer: Any) -> list[float | None]:
    """Return what a driver of ours plans for the next step of each group."""
    if "lrscope.driver.ownership" not in sys.modules:
        return []
    from lrscope.driver.ownership import hooks_of, inside

    inner = inside(optimizer)
    hooks = hooks_of(inner)
    if hooks is None:
        return []
    hooks.look(inner)
    numbers = [each.numbers.get("lr") for each in hooks.driven.all]
    step, factor = hooks.step, hooks.control.factor
    return [None if each is None else each.planned(step, factor) for each in numbers]


def _scheduled(scheduler: Any) -> list[float | None]:
    """Return what a scheduler plans for each group where it stands now."""
    step = getattr(scheduler, "last_epoch", None)
    if not isinstance(step, int) or step < 0:
        return []
    try:
        from lrscope.schedules.importers import Imported, imported_live
    except (ImportError, TypeError):  # without NumPy, or with Python 3.9
        return []
    found = imported_live(scheduler)
    return list(map(float, found.rates(step))) if isinstance(found, Imported) else []
