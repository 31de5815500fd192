"""Ownership: one optimizer has one driver, or one schedule that is stepped by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, WeakKeyDictionary, ref

from torch.optim import Optimizer

from lrscope.attributes import attributes_of
from lrscope.driver.step_hooks import StepHooks
from lrscope.errors import UsageError
from lrscope.wrapped import innermost

if TYPE_CHECKING:
    from torch.optim.lr_scheduler import LRScheduler

_HOOKS = "_optimizer_step_pre_hooks"

_scheduled: WeakKeyDictionary[Optimizer, ReferenceType[LRScheduler]]
_scheduled = WeakKeyDictionary()
"""What `lrscope.as_torch` made last for an optimizer, for as long as it lives."""


def hooks_of(optimizer: Any) -> StepHooks | None:
    """Return what the driver of an optimizer does at its steps; None without one."""
    hooks = attributes_of(optimizer).get(_HOOKS, {}).values()
    owners = (getattr(each, "__self__", None) for each in hooks)
    return next((each for each in owners if isinstance(each, StepHooks)), None)


def refuse_driven(optimizer: Optimizer) -> None:
    """Refuse an optimizer that has a driver.

    Raises:
        UsageError: Says how to go on.
    """
    if hooks_of(optimizer) is not None:
        msg = (
            "this optimizer is driven already; drive all its numbers by one call, "
            "or release the other driver first: driver.release()"
        )
        raise UsageError(msg)


def refuse_scheduled(optimizer: Optimizer) -> None:
    """Refuse an optimizer whose rates a scheduler of `lrscope.as_torch` writes.

    Raises:
        UsageError: Says how to go on.
    """
    scheduler = _scheduled.get(optimizer)
    if scheduler is not None and scheduler() is not None:
        msg = (
            "as_torch(…) made a scheduler for this optimizer, which writes its rates; "
            "use one of the two: take out as_torch, or del the scheduler first"
        )
        raise UsageError(msg)


def own(optimizer: Optimizer, scheduler: LRScheduler) -> None:
    """Remember who writes the rates of an optimizer."""
    _scheduled[optimizer] = ref(scheduler)


def inside(optimizer: Any) -> Any:
    """Return the optimizer inside of wrappers that share its parameters."""
    found, depth = innermost(optimizer), 0
    while depth < 8:
        inner = getattr(found, "optimizer", None) or getattr(found, "_optimizer", None)
        if not (isinstance(inner, Optimizer) and _shares(found, inner)):
            break
        found, depth = inner, depth + 1
    return found


def stepping(optimizer: Any) -> Any:
    """Return the optimizer whose step hooks fire: the one inside of some wrappers.

    Raises:
        UsageError: If there is none.
    """
    found = inside(optimizer)
    if isinstance(found, Optimizer) and _HOOKS in attributes_of(found):
        return found
    hint = (
        "of a wrapper that does not call Optimizer.__init__ give the optimizer inside"
    )
    if isinstance(optimizer, (list, tuple)):
        hint = "of several give each to a call of its own"
    msg = f"drive needs a torch.optim.Optimizer, got {shown(optimizer)}; {hint}"
    raise UsageError(msg)


def shown(thing: Any) -> str:
    """Return what somebody gave in one line; by its class what has a long text."""
    if isinstance(thing, (list, tuple)):
        return f"[{', '.join(map(shown, thing))}]"
    text = repr(thing)
    return text if len(text) <= 80 and "\n" not in text else type(thing).__name__


def _shares(wrapper: Any, inside: Optimizer) -> bool:
    groups = getattr(wrapper, "param_groups", None)
    if not groups:
        return False
    known = {id(each) for group in inside.param_groups for each in group["params"]}
    return any(id(each) in known for group in groups for each in group["params"])
