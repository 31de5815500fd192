"""Returned: what a factory gave back, read as plans."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from lrscope.cli.groups import on_groups
from lrscope.cli.made import Made
from lrscope.errors import UsageError

if TYPE_CHECKING:
    from lrscope.schedules import Schedule

INTERVALS = {"epoch": "1ep", "step": "1 step"}
"""How long Lightning's intervals are; its default is the epoch."""


def made_of(thing: Any, spec: str) -> list[Made]:
    """Return the plans that a thing stands for.

    Raises:
        UsageError: If it is none of the forms, or cannot be a plan.
    """
    for is_one, read in FORMS:
        if is_one(thing):
            return read(thing, spec)
    raise UsageError(_refusal(spec, thing))


def is_schedule(thing: Any) -> bool:
    """Tell whether this is one of our schedules."""
    from lrscope.schedules import Schedule

    return isinstance(thing, Schedule)


def _of_schedule(thing: Schedule, spec: str) -> list[Made]:
    return [Made(spec=spec, schedule=thing)]


def _of_mapping(thing: Mapping[Any, Any], spec: str) -> list[Made]:
    """Return the plans of a mapping as ``lrscope.drive`` takes it, by names alone."""
    from lrscope.schedules import Schedule, constant

    found = []
    for name, each in thing.items():
        plan = constant() if each is None else each
        if not (isinstance(name, str) or name is ...) or not isinstance(plan, Schedule):
            msg = (
                f"{spec} gives a mapping, which needs names of groups (or ... for all "
                f"others) and schedules, got {name!r}: {_short(each)}"
            )
            raise UsageError(msg)
        found.append(Made(spec=spec, schedule=plan, group="" if name is ... else name))
    if not found:
        msg = f"{spec} gives an empty mapping; it needs a schedule for each group"
        raise UsageError(msg)
    return found


def _of_lightning(thing: Mapping[str, Any], spec: str) -> list[Made]:
    """Return the plans of {"optimizer": …, "lr_scheduler": …}."""
    given = thing.get("lr_scheduler")
    config = given if isinstance(given, Mapping) else {"scheduler": given}
    return _on_optimizer(_of_config(config, spec), thing["optimizer"], spec)


def _of_several(things: Sequence[Any], spec: str) -> list[Made]:
    """Return the plans in a list; an optimizer in it is what its plan is for."""
    optimizers = [each for each in things if _is_optimizer(each)]
    rest = [each for each in things if not _is_optimizer(each)]
    if _are_optimizers_and_schedulers(rest):
        optimizers, schedulers = rest
        rest = [
            each if isinstance(each, Mapping) else {"scheduler": each}
            for each in schedulers
        ]
    if not rest:
        raise UsageError(_refusal(spec, things))
    found = []
    for index, each in enumerate(rest):
        made = made_of(each, spec if len(rest) == 1 else f"{spec}[{index}]")
        if len(optimizers) == 1:
            made = _on_optimizer(made, optimizers[0], spec)
        found += made
    return found


def _are_optimizers_and_schedulers(things: Sequence[Any]) -> bool:
    """Tell whether this is Lightning's form of two lists."""
    if len(things) != 2 or not all(isinstance(each, (list, tuple)) for each in things):
        return False
    first, second = things
    return all(map(_is_optimizer, first)) and not any(map(_is_optimizer, second))


def _of_config(config: Mapping[str, Any], spec: str) -> list[Made]:
    """Return the plans of {"scheduler": …, "interval": …, "frequency": …}."""
    every, times = config.get("interval", "epoch"), config.get("frequency", 1)
    if config.get("scheduler") is None:
        msg = f"{spec} gives an optimizer without a scheduler; there is no plan in it"
        raise UsageError(msg)
    if every not in INTERVALS or not isinstance(times, int) or times < 1:
        msg = (
            f"{spec} needs interval 'epoch' or 'step' and a frequency of 1 or more, "
            f"got {every!r} and {times!r}"
        )
        raise UsageError(msg)
    made = made_of(config["scheduler"], spec)
    return [replace(each, every=INTERVALS[every], times=times) for each in made]


def _of_driver(driver: Any, spec: str) -> list[Made]:
    found = []
    for index, (name, rate) in enumerate(_groups(driver.optimizer).items()):
        group = driver.optimizer.param_groups[index]
        schedule = driver.plan.of_group(index, name, group).get("lr")
        if schedule is not None:
            initial = group.get("initial_lr")  # the base that a driver takes
            base = rate if initial is None else float(initial)
            found.append(_bound(spec, name, schedule, base))
    if not found:
        msg = f"{spec} gives a driver of no group's lr: {_short(driver)}"
        raise UsageError(msg)
    return found


def _of_scheduler(scheduler: Any, spec: str) -> list[Made]:
    from lrscope.schedules.importers import NotImported, imported_live

    found = imported_live(scheduler)
    if isinstance(found, NotImported):
        msg = f"{spec}: {found.reason}"
        raise UsageError(msg)
    return [
        replace(
            _bound(spec, name, schedule, base),
            quirks=tuple((each.name, each.says) for each in found.quirks),
            horizon=found.horizon,
            raises_at=found.raises_at,
        )
        for name, schedule, base in zip(
            _groups(scheduler.optimizer), found.schedules, found.bases, strict=True
        )
    ]


def _on_optimizer(made: list[Made], optimizer: Any, spec: str) -> list[Made]:
    bound = on_groups(made, _groups(optimizer), f"of {spec}'s optimizer")
    return [replace(each, group=_shown(each.group)) for each in bound]


def _bound(spec: str, name: str, schedule: Schedule, base: float) -> Made:
    return Made(spec=spec, schedule=schedule, group=_shown(name), base=base)


def _groups(optimizer: Any) -> dict[str, float]:
    from lrscope.group_names import names_of

    groups = optimizer.param_groups
    return dict(
        zip(names_of(groups), (float(each["lr"]) for each in groups), strict=True)
    )


def _shown(name: str) -> str:
    """Return a group's name; none for the only group of an optimizer."""
    return "" if name == "all" else name


def _is_optimizer(thing: Any) -> bool:
    return hasattr(thing, "param_groups")


def _is_of_lightning(thing: Any) -> bool:
    return isinstance(thing, Mapping) and _is_optimizer(thing.get("optimizer"))


def _is_config(thing: Any) -> bool:
    found = thing.get("scheduler") if isinstance(thing, Mapping) else None
    return found is not None and not is_schedule(found)


def _is_driver(thing: Any) -> bool:
    loaded = sys.modules.get("lrscope.driver.driver")  # without it there is none
    return loaded is not None and isinstance(thing, loaded.Driver)


def _is_scheduler(thing: Any) -> bool:
    return hasattr(thing, "optimizer") and hasattr(thing, "step")


FORMS: tuple[tuple[Callable[[Any], bool], Callable[[Any, str], list[Made]]], ...] = (
    (is_schedule, _of_schedule),
    (_is_of_lightning, _of_lightning),
    (_is_config, _of_config),
    (lambda thing: isinstance(thing, Mapping), _of_mapping),
    (lambda thing: isinstance(thing, (list, tuple)), _of_several),
    (_is_driver, _of_driver),
    (_is_scheduler, _of_scheduler),
)
"""What tells each form, the first that does, and what reads it."""


def _refusal(spec: str, thing: Any) -> str:
    why = ": an optimizer alone has no plan" if _is_optimizer(thing) else ""
    return (
        f"{spec} needs to give a schedule, a mapping from group to schedule, a driver, "
        "a torch scheduler, what Lightning's configure_optimizers returns, or a list "
        f"of these; got {_short(thing)}{why}"
    )


def _short(thing: Any) -> str:
    return shorten(repr(thing), 80, placeholder=" …")
