"""Made: what a factory gave, as plans of groups."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lrscope.errors import ScheduleError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrscope.schedules import Clock, Schedule

EXPECTED = (
    "a schedule, a mapping from group to schedule, a driver, a torch scheduler, what "
    "configure_optimizers returns, or a list of these"
)
INTERVALS = {"epoch": "1ep", "step": "1 step"}
"""How long Lightning's intervals are; its default is the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One plan, before there are steps and rates.

    Attributes:
        spec: The words of the command line that it stands for.
        schedule: Counted in calls of the scheduler's ``step``, if there is one.
        group: Name of its group; "" for every group that no other plan names.
        base: Base rate that its own optimizer has; None if there is none.
        asked: Whether the optimizer was made with the rates of the command line.
        every: How long a call of ``step`` is; None for an update.
        times: How many of these pass between two calls.
        quirks: Names and sentences of what its users rarely expect.
        horizon: Calls of ``step`` after which it has ended; None if it has no end.
    """

    spec: str
    schedule: Schedule
    group: str = ""
    base: float | None = None
    asked: bool = False
    every: str | None = None
    times: int = 1
    quirks: tuple[tuple[str, str], ...] = ()
    horizon: int | None = None

    @property
    def takes_rate(self) -> bool:
        """Whether there are factors that want a base rate."""
        return self.base is None and not self.schedule.is_rate

    def on(self, clock: Clock) -> Made:
        """Return the plan counted in updates.

        Raises:
            ScheduleError: If the clock does not know how long an epoch is.
        """
        try:
            updates = self.times * (1 if self.every is None else clock.steps(self.every))
        except ScheduleError as error:
            msg = f"{self.spec} is stepped once an epoch, and {error}"
            raise ScheduleError(msg) from error
        if updates == 1:
            return self
        held = self.schedule.stretch(updates).hold(every=updates)
        horizon = self.horizon and self.horizon * updates
        return replace(self, schedule=held, horizon=horizon, every=None, times=1)

    def planned(self, clock: Clock) -> Schedule:
        """Return the schedule in steps, and in rates if there is a base rate."""
        plan = self.schedule.on(clock)
        rates = plan.is_rate or self.base is None
        return plan if rates else plan.absolute(self.base or 0.0)


def made_of(thing: Any, spec: str) -> list[Made]:
    """Return the plans that a thing stands for.

    Raises:
        UsageError: If it is none of what is expected, or cannot be a plan.
    """
    from lrscope.schedules import Schedule

    if isinstance(thing, Schedule):
        return [Made(spec=spec, schedule=thing)]
    if isinstance(thing, Mapping):
        if _is_optimizer(thing.get("optimizer")):
            given = thing.get("lr_scheduler")
            config = given if isinstance(given, Mapping) else {"scheduler": given}
            return _on_optimizer(_of_config(config, spec), thing["optimizer"], spec)
        if "scheduler" in thing and not isinstance(thing["scheduler"], Schedule):
            return _of_config(thing, spec)
        return _of_mapping(thing, spec)
    if isinstance(thing, (list, tuple)):
        return _of_several(thing, spec)
    driver = sys.modules.get("lrscope.driver.driver")  # if it was not loaded, it is none
    if driver is not None and isinstance(thing, driver.Driver):
        return _of_driver(thing, spec)
    if hasattr(thing, "optimizer") and hasattr(thing, "step"):
        return _of_scheduler(thing, spec)
    only = " (an optimizer alone has no plan)" if _is_optimizer(thing) else ""
    msg = f"{spec} needs to give {EXPECTED}; got {thing!r}{only}"
    raise UsageError(msg)


def on_groups(
    made: Sequence[Made], rates: Mapping[str, float | None], whose: str
) -> list[Made]:
    """Return a plan for each group, with its base rate.

    A plan with a name is for that group, one without for all groups that have none.
    Plans that brought a base rate along stay as they are.

    Args:
        made: The plans.
        rates: Groups and their rates; a group called "" stands for any.
        whose: Where the groups come from, for messages.

    Raises:
        UsageError: If a plan names no group, or a group has no plan.
    """
    free = [each for each in made if each.base is None]
    named = {each.group for each in free} - {""}
    groups = ", ".join(map(repr, rates))
    if "" not in rates and (unknown := sorted(named - set(rates))):
        msg = f"there is a plan for group {unknown[0]!r}; the groups {whose} are {groups}"
        raise UsageError(msg)
    found = []
    for each in made:
        for group, rate in rates.items():
            if each.base is not None:
                found.append(each)
                break
            if not group or group == each.group:
                found.append(replace(each, base=rate))
            elif not each.group and group not in named:
                found.append(replace(each, base=rate, group=group))
    without = [each for each in rates if free and each not in {e.group for e in found}]
    if without and without != [""]:
        msg = f"group {without[0]!r} has no plan; a SPEC without NAME= is for all others"
        raise UsageError(msg)
    return found


def _of_mapping(thing: Mapping[Any, Any], spec: str) -> list[Made]:
    """Return the plans of a mapping as ``lrscope.drive`` takes it, by names alone."""
    from lrscope.schedules import Schedule, constant

    found = []
    for name, each in thing.items():
        plan = constant() if each is None else each
        if not (isinstance(name, str) or name is ...) or not isinstance(plan, Schedule):
            msg = (
                f"{spec} gives a mapping, which needs names of groups (or ... for all "
                f"others) and schedules, got {name!r}: {each!r}"
            )
            raise UsageError(msg)
        found.append(Made(spec=spec, schedule=plan, group="" if name is ... else name))
    if not found:
        msg = f"{spec} gives an empty mapping; it needs a schedule for each group"
        raise UsageError(msg)
    return found


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
        msg = f"{spec} needs to give {EXPECTED}; got {things!r}, which has no plan"
        raise UsageError(msg)
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
            rate = float(group.get("initial_lr") or rate)
            found.append(_bound(spec, name, schedule, rate))
    if not found:
        msg = f"{spec} gives a driver of no group's lr: {driver!r}"
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
