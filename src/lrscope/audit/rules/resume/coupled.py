"""After a resume a number beside the rate was wrong for one update.

What it means: the rate went on where it was; momentum, betas or weight decay, which are
changed with it, had their first value for one update.

Why it matters: one update with, say, the wrong decay is seldom harmful, but it shows
that the order of restoring is wrong.

Usual causes: loading a scheduler's state steps it before the other fields are restored;
a scheduler that cycles momentum is made after the optimizer's state was loaded.

What to do: restore all fields, then write the group once.

Looks the same, but is right: none known.

Upstream: NVIDIA-NeMo/Automodel#3882
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.coupled import late_settings
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.resumption import Resumption
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Resumption]:
    return [each for each in case.resumptions if each.before and each.is_evident]


def _judge(resumption: Resumption) -> Iterator[Finding]:
    for each in late_settings(resumption):
        yield RULE.found(
            resumption,
            f"{each.name} of group {each.group} was {each.first:.4g} at the first "
            f"update after the resume, {each.second:.4g} at the next and "
            f"{each.last:.4g} before",
            cause="it was restored after the first update",
            fix="restore it before training goes on",
            steps=(0, 1),
            evidence={"values": [each.last, each.first, each.second]},
        )


RULE = Rule(
    code="LR312",
    name="coupled-hyperparameter-restored-late",
    severity=WARNING,
    page=__doc__,
    needs="a resumed training whose earlier part was recorded",
    subjects=_subjects,
    judge=_judge,
)
