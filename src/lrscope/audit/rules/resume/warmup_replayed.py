"""The warm-up was gone through a second time after a resume.

What it means: the first updates after the resume rise from a low rate as those of the
whole training did, though the warm-up was over and the optimizer's state was restored.

Why it matters: training goes on at a small rate for a while, at every resume; short
segments spend most of their time in it.

Usual causes: the counter of the warm-up is not part of what is saved, while the main
schedule's is.

What to do: save the counter, or compute the warm-up from the restored step.

Looks the same, but is right: a warm-up of another length that is wanted after a resume;
schedules that rise again and again.

Upstream: metatensor/metatrain#375, awslabs/sockeye#925, vllm-project/speculators#900
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.replay import warmup_again
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
    rise = warmup_again(resumption)
    if rise is None or resumption.has_new_base:
        return
    yield RULE.found(
        resumption,
        f"updates {rise.begins} to {rise.ends} after the resume rise from "
        f"{rise.low:.4g} to {rise.high:.4g}, as at the beginning of the training",
        cause="what counts the warm-up starts at 0 again",
        fix="save the counter of the warm-up, or compute it from the restored step",
        steps=(rise.begins, rise.ends),
        evidence={"rates": [rise.low, rise.high]},
    )


RULE = Rule(
    code="LR311",
    name="warmup-replayed",
    severity=WARNING,
    page=__doc__,
    needs="a training that was given a saved state, and its earlier recording",
    subjects=_subjects,
    judge=_judge,
    explains=("warmup-misses-first-update", "first-update-at-lr-zero"),
)
