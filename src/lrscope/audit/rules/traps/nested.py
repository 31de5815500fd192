"""A sequence inside a sequence runs one step ahead.

What it means: a SequentialLR was given another one, or a ChainedScheduler, as a part.
It undoes what their constructors did, and does it again one level too high: the inner
one has then taken a step that nobody asked for.

Why it matters: every milestone of the inner sequence comes one step early; with steps
of an epoch that is a whole epoch. As a later part the inner sequence ends the run with
NotImplementedError. (torch 2.13 and earlier)

Usual causes: a library's schedule, itself a sequence, put behind or before a warm-up.

What to do: one SequentialLR with all schedulers and all milestones.

Looks the same, but is right: a ChainedScheduler in the first place whose parts all
begin at factor 1; a sequence inside a ChainedScheduler.

Upstream: pytorch/pytorch#196243, pytorch/pytorch#132745
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.sequence import Sequence, differ, sequences
from lrscope.audit.facts.version import torch_version
from lrscope.audit.finding import ERROR, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.finding import Finding

KNOWN = (2, 13)
"""The last version of torch that is known to do this."""


def _subjects(case: Case) -> list[Sequence]:
    return [
        each
        for each in sequences(case)
        if any(part.children for part in each.children)
        if (torch_version(each.training) or KNOWN) <= KNOWN
    ]


def _judge(sequence: Sequence) -> Iterator[Finding]:
    first = sequence.children[0]
    ending = sequence.training.ending
    if ending.error == "NotImplementedError" and any(
        each.children for each in sequence.children[1:]
    ):
        yield RULE.found(
            sequence,
            "the run ended with NotImplementedError where SequentialLR came to a part "
            "that is a sequence itself",
            cause="SequentialLR cannot begin a composed scheduler later than at step 0",
            fix="one SequentialLR with all schedulers and all milestones",
            severity=ERROR,
            evidence={"exception": ending.exception},
        )
        return
    chained = first.class_name == "ChainedScheduler"
    ahead = first.children and (not chained or differ(sequence.begins, sequence.meant))
    if ahead and sequence.scheduler.steps:
        yield RULE.found(
            sequence,
            f"the {first.class_name} inside SequentialLR runs one step ahead",
            cause="SequentialLR takes a step of its first part when it is made",
            fix="one SequentialLR with all schedulers and all milestones",
            evidence={"rates": sequence.begins, "meant": sequence.meant},
        )


RULE = Rule(
    code="LR603",
    name="nested-composite-advances",
    severity=WARNING,
    page=__doc__,
    needs="a SequentialLR with a composed part, and torch 2.13 or earlier",
    subjects=_subjects,
    judge=_judge,
)
