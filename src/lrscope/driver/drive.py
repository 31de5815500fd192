"""Drive: put a schedule on an optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.driver import checkpoint
from lrscope.driver.driver import Driver
from lrscope.driver.ownership import refuse_driven, refuse_scheduled, stepping
from lrscope.driver.plan import Plan, Selection
from lrscope.errors import UsageError
from lrscope.schedules.control.control import Control

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from lrscope.schedules.clock import Clock


def drive(  # noqa: PLR0913 - one call says everything
    optimizer: Optimizer,
    schedule: Selection | None = None,
    *,
    control: Control | None = None,
    clock: Clock | None = None,
    added: str = "join",
    on_change: str | None = None,
    **keys: Selection,
) -> Driver:
    """Drive an optimizer by a schedule; there is no scheduler to step.

    The rate for step t is written immediately before the optimizer takes step t. The
    driver goes on to step t + 1 only if parameters were updated: an update that a
    GradScaler leaves out, a step without gradients, accumulated micro-batches and a
    step that raises move nothing. Nothing is written before the first step.

    A schedule is a factor of each group's base rate, the ``lr`` it has now (or its
    ``initial_lr``, if a torch scheduler or a checkpoint left one); an ``absolute``
    schedule is the rate itself.

    Args:
        optimizer: Any ``torch.optim.Optimizer``, or a wrapper that has one inside.
        schedule: For the ``lr`` of all groups; or a mapping to schedules from names
            of groups, indices, or functions that take a group and tell whether it
            is meant. There ``...`` means all others and None leaves a group alone.
        control: Lowers or raises all rates by what ``driver.report`` is told.
        clock: Turns lengths such as "3ep" or "10%" into steps.
        added: Where groups that are added later begin: "join" at the step of all
            others, "restart" at step 0 of the schedule. Their base rate is their own.
            One that no entry of a mapping means is refused before it is trained.
        on_change: What ``load_state_dict`` does by default with another plan.
        **keys: Other numbers of the groups, each with its own schedule or mapping:
            ``momentum``, ``weight_decay``, ``betas0`` for ``betas[0]`` …

    Returns:
        The driver, for checkpoints, previews and metrics. You need not keep it: the
        optimizer does.

    Raises:
        UsageError: If the optimizer is driven already or has a scheduler of
            ``as_torch``, a group or key is unknown, or a group is picked twice or not
            at all.
        ScheduleError: If a length has a unit that the clock does not know; if a plan
            leaves what an optimizer can use: rates, momentum and weight decay >= 0,
            betas >= 0 and < 1, all finite.

    >>> import torch
    >>> import lrscope
    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> optimizer = torch.optim.SGD([weight], lr=0.1)
    >>> driver = lrscope.drive(optimizer, lrscope.linear(4))
    >>> for _ in range(3):
    ...     weight.square().sum().backward()
    ...     optimizer.step()
    >>> driver.step, driver.readings()[0].applied, driver.readings()[0].planned
    (3, 0.05, 0.025)
    """
    if added not in ("join", "restart"):
        msg = f"added needs to be 'join' or 'restart', got {added!r}"
        raise UsageError(msg)
    _check_control(control)
    inner = stepping(optimizer)
    refuse_driven(inner)
    refuse_scheduled(inner)
    how = checkpoint.checked(on_change)
    plan = Plan.of({"lr": schedule, **keys}, clock)
    checkpoint.say_unsaved(plan)
    return Driver(inner, plan, control=control, added=added, on_change=how)


def _check_control(control: Any) -> None:
    if control is not None and not isinstance(control, Control):
        msg = f"control needs plateau(…) or greedy(…), got {control!r}"
        raise UsageError(msg)
