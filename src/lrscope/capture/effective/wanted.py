"""Wanted: what ``--effective`` asks for. No torch: the launcher reads it too."""

from __future__ import annotations

from typing import NamedTuple

from lrscope.errors import UsageError

BUDGET = 0.01
"""Share of a training's time that measuring may take, if nothing else is asked for."""

DOUBTFUL = 0.5
"""A budget from here on needs its ``%``: who writes 1 means 1 %, not all the time."""

FORMS = (
    "every=K (a number of steps), budget=1% (of the training's time) and "
    "by=parameter or by=group, joined by commas"
)


class Wanted(NamedTuple):
    """How often to measure, and what apart.

    Attributes:
        every: measure each K-th step; None lets the budget decide.
        budget: share of the training's time that measuring may take, above 0.
        by_parameter: measure every parameter apart, not only every group.
    """

    every: int | None = None
    budget: float = BUDGET
    by_parameter: bool = False


def wanted(text: object) -> Wanted:
    """Return what a text asks for; an empty one asks for the usual.

    Args:
        text: as it stands after ``--effective=``.

    Raises:
        UsageError: the text cannot be read.

    Example:
        >>> wanted("every=100,by=parameter")
        Wanted(every=100, budget=0.01, by_parameter=True)
    """
    if not isinstance(text, str):
        msg = f"effective takes {FORMS}, or an empty text; got {text!r}"
        raise UsageError(msg)
    found = Wanted()
    told: list[str] = []
    for part in text.split(",") if text else ():
        key, _, value = (each.strip() for each in part.partition("="))
        found = _with(found, key, value, text)
        told.append("pace" if key in ("every", "budget") else key)
    if len(set(told)) < len(told):
        msg = f"--effective takes every= or budget=, and each key once; got {text!r}"
        raise UsageError(msg)
    return found


def _with(found: Wanted, key: str, value: str, text: str) -> Wanted:
    if key == "every" and value.isdecimal() and int(value) > 0:
        return found._replace(every=int(value))
    if key == "by" and value in ("group", "parameter"):
        return found._replace(by_parameter=value == "parameter")
    if key == "budget":
        share = _share(value)
        if share is not None and DOUBTFUL <= share <= 100 and "%" not in value:
            msg = (
                f"budget={value} means {share * 100:g} % of the time; "
                f"did you mean {value}%? got {text!r}"
            )
            raise UsageError(msg)
        if share is not None and 0 < share <= 1:
            return found._replace(budget=share)
    msg = f"--effective takes {FORMS}; got {text!r}"
    raise UsageError(msg)


def _share(value: str) -> float | None:
    try:
        if value.endswith("%"):
            return float(value[:-1]) / 100
        return float(value)
    except ValueError:
        return None
