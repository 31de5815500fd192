"""Descriptions: what a scheduler is made of and was made with, as plain data."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any, Callable

from lrscope.attributes import attributes_of
from lrscope.capture.numbers import is_on_host
from lrscope.capture.plain import plain

_TELLING = frozenset({"_schedulers", "_milestones", "_step_count", "_last_lr"})
"""Private attributes of torch's schedulers without which they cannot be told."""


_MOVING = frozenset({"optimizer", "last_epoch"})
"""Attributes that are called like an argument and tell something else."""


def family_of(base: type) -> list[type]:
    """Return a class and all its subclasses."""
    found: list[type] = [base]
    for each in found:
        kinds: list[type] = each.__subclasses__()
        found += [kind for kind in kinds if kind not in found]
    return found


def rates_of(optimizer: Any) -> list[Any]:
    """Return the rates of an optimizer's groups, safe from changes in place."""
    try:
        rates = [group.get("lr") for group in optimizer.param_groups]
        return [float(rate.item()) if is_on_host(rate) else rate for rate in rates]
    except Exception:  # noqa: BLE001 - it may be no optimizer at all
        return []


def children_of(scheduler: Any) -> list[Any]:
    """Return the schedulers that a scheduler is made of."""
    inside = attributes_of(scheduler)
    children = inside.get("_schedulers", ())
    if "t_in_epochs" in inside and "lr_scheduler" in inside:
        children = [inside["lr_scheduler"]]  # timm's plateau has torch's do it
    return list(children) if isinstance(children, (list, tuple)) else []


def clocks_of(schedulers: list[Any]) -> list[Any]:
    """Return where each stands; None of those that are made of others."""
    return [
        None if children_of(each) else attributes_of(each).get("last_epoch")
        for each in schedulers
    ]


def arguments_of(
    init: Callable[..., Any], scheduler: Any, args: Any, kwargs: Any
) -> dict[str, Any]:
    """Return what a constructor was given, by name, defaults included."""
    try:
        bound = inspect.signature(init).bind(scheduler, *args, **kwargs)
    except (TypeError, ValueError):
        return {**{str(i): each for i, each in enumerate(args)}, **kwargs}
    bound.apply_defaults()
    names = list(bound.arguments)[1:]
    given: dict[str, Any] = {name: bound.arguments[name] for name in names}
    return given


def kept_arguments_of(scheduler: Any) -> dict[str, Any]:
    """Return what the constructor of a scheduler of torch's own was given, if it tells.

    Torch keeps most of it in attributes of the same names.
    """
    if type(scheduler).__module__ != "torch.optim.lr_scheduler":
        return {}
    names = inspect.signature(type(scheduler).__init__).parameters
    inside = attributes_of(scheduler)
    given = {
        name: inside[name] for name in names if name in inside and name not in _MOVING
    }
    if isinstance(given.get("milestones"), Counter):
        given["milestones"] = sorted(given["milestones"].elements())
    return given


def state_of(scheduler: Any, refer: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the attributes that tell what a scheduler is and where it stands."""
    public = {
        key: value
        for key, value in attributes_of(scheduler).items()
        if key != "optimizer" and (not key.startswith("_") or key in _TELLING)
    }
    if "_milestones" in public:  # tells which part took the first step
        public["_clocks"] = clocks_of(children_of(scheduler))
    told: dict[str, Any] = plain(public, refer)
    return told
