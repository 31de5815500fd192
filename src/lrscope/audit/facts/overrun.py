"""Overrun: a OneCycleLR that was stepped past its end, which ends the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrscope.audit.facts.scheduler import Scheduler


def overran(scheduler: Scheduler) -> bool:
    """Say whether a run ended with the error that OneCycleLR raises past its end."""
    ending, total = scheduler.training.ending, scheduler.horizon_steps
    if not scheduler.made_of("OneCycleLR") or ending.error != "ValueError":
        return False
    return str(total) in ending.message and scheduler.position > total > 0
