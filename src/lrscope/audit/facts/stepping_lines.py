"""Stepping lines: how the lines that step a scheduler share the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrscope.audit.facts.scheduler import Scheduler

NEARLY = 0.9
"""Share of the updates that stands for all of them."""


def each_steps_every_update(scheduler: Scheduler) -> bool:
    """Say whether several lines each step it once for nearly every update.

    That is no accumulation, whatever the number of backward calls.
    """
    lines = [scheduler.between_at(site)[1:-1] for site in scheduler.sites]
    return len(lines) > 1 and all(
        each.size > 0 and (each == 1).mean() >= NEARLY for each in lines
    )
