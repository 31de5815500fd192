"""Two audits made by hand, with everything that a form of output must cope with."""

from __future__ import annotations

from pathlib import Path

from lrscope.audit.audit import Audit, Ignored
from lrscope.audit.finding import ERROR, INFO, WARNING, Finding
from lrscope.audit.rule import DoesNotApply

RATIOS = {
    "updates": 2000,
    "scheduler_steps": 2000,
    "backward_calls": 8000,
    "passes": 20,
}


def audits(folder: Path) -> list[Audit]:
    """Return a run with findings of all kinds, and a clean one."""
    script = str(folder / "my train.py")
    climbs = Finding(
        code="LR203",
        name="cosine-past-T_max-climbs-back",
        severity=ERROR,
        message="the rate rose again, 100%: CosineAnnealingLR(T_max=1000) | was <stepped> 2000 times",
        cause="T_max=1000 is less than\nthe 2000 steps",
        fix="set T_max=2000, or stop stepping after 1000",
        optimizer="adamw",
        group="all",
        steps=(1000, 1999),
        where=((script, 41), (script, 12), ("/elsewhere/schedules.py", 7)),
        evidence={"lowest": 0.0, "highest_after": float("inf"), "ratios": RATIOS},
    )
    follows = Finding(
        code="LR202",
        name="schedule-shorter-than-run",
        severity=INFO,
        message="StepLR was over",
        cause="the schedule was over by then",
        fix="give the schedule the length of the run",
        optimizer="adamw",
        steps=(1999, 1999),
        because="cosine-past-T_max-climbs-back",
    )
    bare = Finding(
        code="LR001",
        name="sched-never-stepped",
        severity=WARNING,
        message="nothing is known of where this happened",
        cause="no line was recorded",
        fix="call scheduler.step()",
        segment=1,
        rank=3,
    )
    known = Finding(
        code="LR201",
        name="schedule-longer-than-run",
        severity=WARNING,
        message="the run ended early",
        cause="it was stopped",
        fix="let it run",
        where=((script, 41),),
    )
    skipped = DoesNotApply(
        code="LR210", name="milestones-never-hit-float", reason="needs a MultiStepLR"
    )
    facts = {
        "trainings": [
            {
                "segment": 0,
                "rank": None,
                "optimizers": {"adamw": {**RATIOS, "world_size": 1}},
            },
            {
                "segment": 1,
                "rank": 3,
                "optimizers": {"adamw": {**RATIOS, "world_size": 4}},
            },
        ]
    }
    return [
        Audit(
            run="runs/a`b",
            findings=(climbs, bare, follows),
            ignored=(Ignored(finding=known, reason="we stop early, always"),),
            tried=("LR001", "LR202", "LR203"),
            not_applicable=(skipped,),
            facts=facts,
        ),
        Audit(
            run="runs/clean",
            findings=(),
            ignored=(),
            tried=("LR001",),
            not_applicable=(),
            facts={"trainings": []},
        ),
    ]
