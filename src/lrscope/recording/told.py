"""Told: events as a recording tells them, turned into typed values."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from lrscope.errors import DamagedRecording
from lrscope.recording import events

RARE: dict[str, type[events.Event]] = {
    "optimizer_constructed": events.OptimizerConstructed,
    "group_added": events.GroupAdded,
    "groups_changed": events.GroupsChanged,
    "optimizer_state_loaded": events.OptimizerStateLoaded,
    "scheduler_constructed": events.SchedulerConstructed,
    "scheduler_state_loaded": events.SchedulerStateLoaded,
    "plan_declared": events.PlanDeclared,
    "model_shared": events.ModelShared,
    "measuring_began": events.MeasuringBegan,
    "measuring_given_up": events.MeasuringGivenUp,
    "internal_rate_given_up": events.InternalRateGivenUp,
    "losses_given_up": events.LossesGivenUp,
    "step_raised": events.StepRaised,
    "number_noted": events.NumberNoted,
    "rate_is_no_number": events.RateIsNoNumber,
    "step_captured": events.StepCaptured,
    "graph_keeps_rate": events.GraphKeepsRate,
    "rows_written_slowly": events.RowsWrittenSlowly,
    "trouble": events.Trouble,
    "process_ended": events.ProcessEnded,
}
"""Events with a frame of their own, by their name in the file."""

FREQUENT: dict[str, type[events.Event]] = {
    "backward": events.Backward,
    "scheduler_stepped": events.SchedulerStepped,
    "optimizer_state_saved": events.OptimizerStateSaved,
    "scheduler_state_saved": events.SchedulerStateSaved,
    "lr_asked": events.LrAsked,
    "rate_written": events.RateWritten,
    "pass_began": events.PassBegan,
    "pass_ended": events.PassEnded,
}
"""Events that are items between rows, by their name in the file."""


_SITES = frozenset({"where", "user"})
_LISTS = frozenset(
    {
        "order",
        "rates",
        "initial_rates",
        "rates_before",
        "children",
        "inside",
        "trace",
        "shares",
        "parts",
    }
)


def rare(plain: dict[str, Any]) -> events.Event:
    """Return the event that an EVNT frame holds.

    Raises:
        DamagedRecording: a field is missing or has the wrong shape.
    """
    kind = RARE.get(plain.get("event", ""))
    if kind is None:
        known = {"event", "row", "time", "after"}
        details = {key: value for key, value in plain.items() if key not in known}
        return events.UnknownEvent(
            row=int(plain.get("row", 0)),
            time=float(plain.get("time", 0.0)),
            kind=str(plain.get("event")),
            details=details,
        )
    return _made(kind, plain)


def frequent(item: dict[str, Any], row: int, time: float) -> events.Event:
    """Return the event that an item stands for, at a row."""
    kind = FREQUENT.get(item.get("happened", ""))
    if kind is None:
        details = {k: v for k, v in item.items() if k not in ("item", "happened")}
        return events.UnknownEvent(
            row=row, time=time, kind=str(item.get("happened")), details=details
        )
    return _made(kind, {**item, "user": item.get("from"), "row": row, "time": time})


def _made(kind: type[events.Event], plain: dict[str, Any]) -> events.Event:
    try:
        values = {
            field.name: _shaped(kind, field.name, plain[field.name])
            for field in fields(kind)
            if field.name in plain
        }
        return kind(**values)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        msg = f"an event of kind {kind.__name__} cannot be read: {error}"
        raise DamagedRecording(msg) from error


def _shaped(kind: type[events.Event], name: str, value: Any) -> Any:
    if name == "where" and kind is events.RateWritten:
        return tuple((str(file), int(line)) for file, line in value)
    if name in _SITES:
        return (str(value[0]), int(value[1])) if value else None
    if name == "groups":
        return tuple(_group(each) for each in value)
    if name == "left_out":
        return tuple((int(group), str(who), str(why)) for group, who, why in value)
    if name in _LISTS:
        return tuple(value)
    return value


def _group(plain: dict[str, Any]) -> events.Group:
    return events.Group(
        number=int(plain["group"]),
        name=str(plain["name"]),
        tensors=int(plain["tensors"]),
        elements=int(plain["elements"]),
        lr=float(plain.get("lr", "nan")),
        settings={key: tuple(value) for key, value in plain["settings"].items()},
        parameters=tuple(plain.get("parameters", ())),
        others=dict(plain.get("others", {})),
        tensor_lr=bool(plain.get("tensor_lr", False)),
    )
