"""What the scheduler was constructed with was replaced by what the checkpoint holds.

What it means: ``scheduler.load_state_dict`` restores ``T_max``, ``milestones``,
``gamma``, ``total_steps`` and all the rest over the arguments of the constructor, and
the run does not fit what came back.

Why it matters: a longer second leg follows the old schedule: the cosine climbs back,
the linear decay stays at its floor, ``OneCycleLR`` raises.

Usual causes: a resume with more epochs, new milestones or another decay.

What to do: after loading, set the attributes that are meant to change, or make a new
schedule for the new leg.

Looks the same, but is right: an exact resume, where nothing differs; a constructor that
was given the length of what is left, while the loaded one fits the run: information
only.

Upstream: facebookresearch/detectron2#429, nodefluxio/vortex#70,
deepinsight/insightface#2143, NVIDIA-NeMo/Speech#4472, pytorch/pytorch#52911
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.overruled import lengths, overruled, shifted
from lrscope.audit.facts.overrun import overran
from lrscope.audit.finding import ERROR, INFO, WARNING, Severity
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.continued import Continued
    from lrscope.audit.facts.overruled import Overruled
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Continued]:
    return [each for each in case.continued if each.load is not None]


def _judge(continued: Continued) -> Iterator[Finding]:
    changed = overruled(continued)
    if not changed:
        return
    told = ", ".join(f"{e.name}: {e.loaded} for {e.given}" for e in changed)
    yield RULE.found(
        continued,
        f"scheduler.load_state_dict brought back what {continued.scheduler.class_name} "
        f"had been made with before: {told}",
        cause="a scheduler's state holds its settings, not only its position",
        fix="set the new settings after loading, or make a new schedule from here",
        severity=_severity(continued, changed),
        steps=continued.optimizer.throughout,
        evidence={"changed": {e.name: [e.given, e.loaded] for e in changed}},
    )


def _severity(continued: Continued, changed: list[Overruled]) -> Severity:
    ended = continued.start + int(continued.scheduler.between[1:].sum())
    given, loaded = lengths(continued)
    if overran(continued.scheduler):
        return ERROR
    if given and loaded and given != loaded:
        meant = abs(ended - given) <= max(1, 0.05 * given)
        fits = abs(ended - loaded) <= max(1, 0.05 * loaded)
        done = continued.training.ending.in_order
        beyond = ended > loaded + 1 and not fits
        return WARNING if beyond or (done and meant and not fits) else INFO
    if shifted(changed, continued.start):
        return INFO
    return WARNING if continued.before is not None else INFO


RULE = Rule(
    code="LR305",
    name="old-horizon-comes-back",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler that was given a saved state",
    subjects=_subjects,
    judge=_judge,
    explains=(
        "cosine-past-T_max-climbs-back",
        "schedule-shorter-than-run",
        "schedule-longer-than-run",
        "onecycle-overrun-crash",
        "horizon-recomputed-on-resume",
        "steps-per-epoch-from-sample-counts",
    ),
)
