"""The rest: what some parts leave of a total length."""

from __future__ import annotations

from functools import reduce
from operator import sub

from lrscope.errors import ScheduleError
from lrscope.schedules.amount import Amount
from lrscope.schedules.arguments import Steps, whole_or_amount


def rest(who: str, **lengths: Steps) -> Steps:
    """Return the steps that the later lengths leave of the first, at least one.

    Where some are in units it is text with units: "90ep - 500 steps".
    """
    found = [
        whole_or_amount(f"{who} needs {name}", each, 0)
        for name, each in lengths.items()
    ]
    left = reduce(sub, (Amount.of(who, each) for each in found))
    in_steps = all(isinstance(each, int) for each in found)
    if not left.plus:
        total, *parts = lengths
        used = " + ".join(map(str, found[1:]))
        msg = f"{who} needs {total} > {' + '.join(parts)} ({used}), got {found[0]}"
        raise ScheduleError(msg)
    return reduce(sub, found) if in_steps else left.text
