"""Schedulers that are known, and why they have no plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from lrscope.schedules.importers.description import Refused

if TYPE_CHECKING:
    from lrscope.schedules.importers.description import Description


def metric_driven(found: Description) -> NoReturn:
    """ReduceLROnPlateau and its kind: the rate follows from a metric."""
    msg = f"{found.class_name} is metric-driven: its rates follow from what it measures"
    raise Refused(msg)


def multiplicative_lr(found: Description) -> NoReturn:
    """MultiplicativeLR: a function of its user."""
    functions = found.get("lr_lambdas", found.get("lr_lambda"))
    first = functions[0] if isinstance(functions, (list, tuple)) else functions
    told = first if isinstance(first, Mapping) else {}
    where = ":".join(map(str, told.get("where") or ()))
    name = told.get("callable", told.get("type", "a function"))
    place = f" ({where})" if where else ""
    msg = (
        f"MultiplicativeLR: {name}{place} is a function of its user: it cannot be read"
    )
    raise Refused(msg)


def adafactor_schedule(found: Description) -> NoReturn:
    """AdafactorSchedule: a view of what the optimizer decides."""
    msg = f"{found.class_name} only shows the rate that Adafactor itself decides on"
    raise Refused(msg)


def layer_wise(found: Description) -> NoReturn:
    """LayerWiseDummyScheduler: a stand-in."""
    msg = f"{found.class_name} only stands in for one scheduler for each parameter"
    raise Refused(msg)
