"""The rest: what some parts leave of a total length."""

from __future__ import annotations

from functools import reduce
from operator import sub

from lrscope.errors import ScheduleError
from lrscope.schedules.amount import Amount
from lrscope.schedules.arguments import Steps, whole_or_amount


def rest(who: str, total_steps: Steps, **parts: Steps) -> Steps:
    """Return the steps that parts leave of a total, at least one.

    Where some are in units it is text with units: "90ep - 500 steps".
    """
    total = whole_or_amount(f"{who} needs its steps", total_steps, 1)
    found = [
        whole_or_amount(f"{who} needs {name}", each, 0) for name, each in parts.items()
    ]
    left = reduce(sub, (Amount.of(who, each) for each in (total, *found)))
    in_steps = all(isinstance(each, int) for each in (total, *found))
    if not left.plus:
        used = sum(found) if in_steps else " + ".join(map(str, found))
        msg = f"{who} needs more than {used} steps (its other parts), got {total}"
        raise ScheduleError(msg)
    return total - sum(found) if in_steps else left.text
