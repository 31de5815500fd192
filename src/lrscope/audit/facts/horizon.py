"""Horizon: how long a schedule is meant to be, read from its description."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrscope.audit.facts.number import as_number, is_number, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrscope.recording.events import SchedulerConstructed

TOTALS = (
    "num_training_steps",
    "total_steps",
    "total_iters",
    "max_iters",
    "max_steps",
    "T_max",
    "t_total",
    "total",
    "max_epochs",
)
"""Names that schedulers written by others give to their length."""

WARMUPS = ("num_warmup_steps", "warmup_steps", "warmup_iters", "warmup", "t_warmup")
"""Names that they give to the length of their warm-up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """The length of a schedule in steps of its scheduler.

    Attributes:
        steps: when it has arrived where it leads to.
        name: of the argument that says so, such as "T_max".
        warmup: steps of it that rise, from the start; 0 if none.
        ends_run: whether a run is meant to end when it does.
    """

    steps: int
    name: str
    warmup: int = 0
    ends_run: bool = True

    @property
    def rises_only(self) -> bool:
        """Whether it is nothing but a warm-up."""
        return self.warmup >= self.steps


def horizon_of(
    event: SchedulerConstructed, known: Mapping[int, SchedulerConstructed]
) -> Horizon | None:
    """Return the length of a schedule; None if it has none or it cannot be told.

    Args:
        event: the scheduler as it was constructed.
        known: all schedulers of the process by number, for those made of others.
    """
    own = {**event.attributes, **event.arguments}
    if event.children:
        known = {k: each for k, each in known.items() if k != event.scheduler}
    children = [known[each] for each in event.children if each in known]
    if event.class_name == "SequentialLR":
        return _sequence(own, children, known)
    if event.class_name == "ChainedScheduler":
        found = [horizon_of(each, known) for each in children]
        return max(filter(None, found), key=lambda each: each.steps, default=None)
    if event.class_name == "MultiStepLR":
        last = max((each for each in milestones_of(event) if each >= 1), default=0)
        given = Horizon(steps=int(last), name="milestones", ends_run=False)
        return given if last else None
    if event.class_name == "LambdaLR":
        return _of_lambda(own.get("lr_lambda"))
    read = _READERS.get(event.class_name)
    if read is not None:
        return read(own)
    return None if event.module == "torch.optim.lr_scheduler" else _named(own)


def _whole(value: Any) -> int | None:
    return int(value) if is_number(value) and 1 <= value < 1e12 else None


def _plain(name: str, own: Mapping[str, Any]) -> Horizon | None:
    steps = _whole(own.get(name))
    return None if steps is None else Horizon(steps=steps, name=name)


def _linear(own: Mapping[str, Any]) -> Horizon | None:
    steps = _whole(own.get("total_iters"))
    start, end = own.get("start_factor", 1.0), own.get("end_factor", 1.0)
    if steps is None:
        return None
    rises = is_number(start) and start < end
    return Horizon(
        steps=steps,
        name="total_iters",
        warmup=steps if rises else 0,
        ends_run=not rises,
    )


def _constant(own: Mapping[str, Any]) -> Horizon | None:
    return _linear({**own, "start_factor": own.get("factor", 1.0), "end_factor": 1.0})


def _one_cycle(own: Mapping[str, Any]) -> Horizon | None:
    steps = _whole(own.get("total_steps"))
    epochs, each = _whole(own.get("epochs")), _whole(own.get("steps_per_epoch"))
    if steps is None and epochs and each:
        steps = epochs * each
    if steps is None:
        return None
    start = own.get("pct_start", 0.3)
    share = start if is_number(start) else 0.3
    return Horizon(steps=steps, name="total_steps", warmup=int(share * steps))


def milestones_of(event: SchedulerConstructed) -> list[float]:
    """Return the milestones that a scheduler was given, those that are numbers."""
    found = event.arguments.get("milestones", event.attributes.get("milestones"))
    known = map(as_number, listed(found))  # the keys of a Counter were written as text
    return [each for each in known if each is not None and math.isfinite(each)]


def _sequence(
    own: Mapping[str, Any],
    children: list[SchedulerConstructed],
    known: Mapping[int, SchedulerConstructed],
) -> Horizon | None:
    milestones = listed(own.get("milestones") or own.get("_milestones"))
    if not children or not milestones or not is_number(milestones[0]):
        return None
    if _whole(milestones[-1]) is None:
        return None
    last, first = horizon_of(children[-1], known), horizon_of(children[0], known)
    if last is None or last.rises_only:
        return None
    rises = first is not None and first.rises_only
    return Horizon(
        steps=int(milestones[-1]) + last.steps,
        name=f"milestones[-1] + {last.name}",
        warmup=int(milestones[0]) if rises else 0,
        ends_run=last.ends_run,
    )


def _of_lambda(functions: Any) -> Horizon | None:
    """Read what functools.partial was given."""
    each = functions[0] if isinstance(functions, list) and functions else functions
    if not isinstance(each, dict):
        return None
    return _named(each.get("arguments", {}))


def _named(own: Mapping[str, Any]) -> Horizon | None:
    warmup = next((w for each in WARMUPS if (w := _whole(own.get(each)))), 0)
    for name in TOTALS:
        steps = _whole(own.get(name))
        if steps is not None:
            return Horizon(steps=steps, name=name, warmup=warmup)
    return None


_READERS = {
    "CosineAnnealingLR": lambda own: _plain("T_max", own),
    "PolynomialLR": lambda own: _plain("total_iters", own),
    "LinearLR": _linear,
    "ConstantLR": _constant,
    "OneCycleLR": _one_cycle,
}
