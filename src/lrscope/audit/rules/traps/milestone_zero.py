"""A sequence whose first part has no length begins with it all the same.

What it means: SequentialLR was made with ``milestones=[0, …]``, so its first scheduler
never has a turn. The rate has the factor of that scheduler on it, nevertheless.

Why it matters: the whole run is scaled by the first factor of a warm-up that was
switched off.

Usual causes: "no warm-up" as a length of 0, with torch before 2.13, which fixed it.

What to do: leave the warm-up out if its length is 0, or update torch.

Looks the same, but is right: torch 2.13 and later, which begin with the second one.

Upstream: pytorch/pytorch#185872
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.sequence import Sequence, differ, sequences
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Sequence]:
    return [
        each
        for each in sequences(case)
        if each.first_milestone == 0
        and each.made_in_order
        and each.begins
        and each.bases
    ]


def _judge(sequence: Sequence) -> Iterator[Finding]:
    first, second = sequence.children[:2]
    scaled = differ(sequence.begins, sequence.bases)
    if not scaled or differ(sequence.begins, sequence.meant):
        return
    if second.class_name == first.class_name:
        return  # the second one may begin with that factor itself
    version = sequence.training.torch
    yield RULE.found(
        sequence,
        f"SequentialLR(milestones=[0, …]) began at {sequence.begins[0]:.4g}, scaled by "
        f"{first.class_name}, not at {sequence.bases[0]:.4g}",
        cause=f"torch {version} begins with the first scheduler though it has no turn",
        fix="leave the first scheduler out, or update to torch 2.13, which fixed it",
        evidence={"rates": sequence.begins, "bases": sequence.bases, "torch": version},
    )


RULE = Rule(
    code="LR602",
    name="sequential-milestone-zero",
    severity=ERROR,
    page=__doc__,
    needs="a SequentialLR whose first milestone is 0",
    subjects=_subjects,
    judge=_judge,
    explains=("zero-length-warmup-sticks", "applied-differs-from-plan"),
)
