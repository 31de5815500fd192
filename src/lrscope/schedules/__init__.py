"""Schedules: pure values that are a number at every optimizer step. No torch."""

from __future__ import annotations

from lrscope.schedules.clock import Clock
from lrscope.schedules.difference import Difference
from lrscope.schedules.recipes import warmup_cosine
from lrscope.schedules.schedule import Schedule
from lrscope.schedules.shapes.constant import constant
from lrscope.schedules.shapes.cosine import cosine
from lrscope.schedules.shapes.exponential import exponential
from lrscope.schedules.shapes.linear import linear
from lrscope.schedules.shapes.warmup import warmup
from lrscope.schedules.written.as_json import from_json, to_json
from lrscope.schedules.written.parse import parse
from lrscope.schedules.written.text import to_text

__all__ = [
    "Clock",
    "Difference",
    "Schedule",
    "constant",
    "cosine",
    "exponential",
    "from_json",
    "linear",
    "parse",
    "to_json",
    "to_text",
    "warmup",
    "warmup_cosine",
]
