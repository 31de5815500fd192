"""A sequence of schedulers begins at the rate of a wrong one.

What it means: after SequentialLR was made, the rate was not the one that its first
scheduler begins with.

Why it matters: the first update, and with schedulers that multiply the whole first
phase, runs at another rate: without the warm-up, or at that of the last phase.

Usual causes: torch before 1.13 keeps what the constructors of the later schedulers did
to the rate. (torch 2.13 does not do this.)

What to do: update torch; or make the later schedulers' first factor 1.

Looks the same, but is right: a rate that was changed before the sequence was made.

Upstream: pytorch/pytorch#72874, pytorch/pytorch#72856,
threestudio-project/threestudio#226
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.sequence import Sequence, differ, sequences
from lrscope.audit.facts.version import torch_version
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule
from lrscope.recording.events import OptimizerStateLoaded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.finding import Finding


FIXED = (2, 13)
"""A version of torch that begins at the right rate, whatever was made before."""


def _is_fresh(sequence: Sequence) -> bool:
    """Say whether no state was loaded before: that brings rates of its own."""
    return not sequence.training.process.history.of(OptimizerStateLoaded)


def _subjects(case: Case) -> list[Sequence]:
    return [
        each
        for each in sequences(case)
        if each.first_milestone and each.made_in_order and each.begins
        if not each.children[0].children  # nested ones have a trap of their own
        if (torch_version(each.training) or FIXED) < FIXED and _is_fresh(each)
    ]


def _judge(sequence: Sequence) -> Iterator[Finding]:
    if not differ(sequence.begins, sequence.meant):
        return
    first = sequence.children[0].class_name
    version = sequence.training.torch
    yield RULE.found(
        sequence,
        f"SequentialLR began at {sequence.begins[0]:.4g}; its first part, {first}, "
        f"begins at {sequence.meant[0]:.4g}",
        cause=f"torch {version} keeps what the later ones did when they were made",
        fix="update torch: 2.13 begins at the rate of the first one",
        evidence={"rates": sequence.begins, "meant": sequence.meant, "torch": version},
    )


RULE = Rule(
    code="LR601",
    name="sequential-init-wrong-lr",
    severity=ERROR,
    page=__doc__,
    needs="torch before 2.13, and a SequentialLR whose first part was made first",
    subjects=_subjects,
    judge=_judge,
    explains=("applied-differs-from-plan", "warmup-misses-first-update"),
)
