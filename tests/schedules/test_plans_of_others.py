"""A plan that comes from somebody else runs none of their code."""

from __future__ import annotations

import pytest

from lrscope.errors import ScheduleError
from lrscope.schedules import constant, cyclic, from_json, function, to_json, warmup


@pytest.mark.parametrize(
    "schedule",
    [
        function("os:getpid"),
        warmup(3) >> function("os:getpid"),
        (function("os:getpid") * 2.0).clip(low=0.1),
        cyclic(10, scale="os:getpid"),
    ],
)
def test_a_plan_that_names_a_function_is_refused_where_functions_are(schedule):
    data = to_json(schedule)
    assert from_json(data) == schedule
    with pytest.raises(ScheduleError, match=r"'os:getpid' is a function"):
        from_json(data, functions=False)


def test_a_plan_without_functions_is_read_all_the_same():
    schedule = warmup(3) >> cyclic(10) * constant(0.5)
    assert from_json(to_json(schedule), functions=False) == schedule
