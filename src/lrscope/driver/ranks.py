"""Ranks: processes that train one model must be told the same."""

from __future__ import annotations

from typing import Any

from torch import distributed

from lrscope.errors import UsageError
from lrscope.schedules.control.control import as_float


def agreed(metric: Any) -> float:
    """Return a metric as a number, once all processes have the same one.

    Raises:
        UsageError: In every process, if they differ.
        ScheduleError: If it is no number.
    """
    number = as_float(metric)
    if not (distributed.is_available() and distributed.is_initialized()):
        return number
    numbers: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(numbers, number)
    if len({repr(each) for each in numbers}) == 1:  # NaN is no other than NaN
        return number
    words = ", ".join(f"rank {rank}: {each!r}" for rank, each in enumerate(numbers))
    msg = (
        f"report needs the same metric in every process, got {words}; "
        "reduce it first: torch.distributed.all_reduce(metric, "
        "torch.distributed.ReduceOp.AVG)"
    )
    raise UsageError(msg)
