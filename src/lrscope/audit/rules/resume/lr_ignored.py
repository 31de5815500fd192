"""A new learning rate was asked for, but the checkpoint's came back.

What it means: the optimizer was constructed with another rate than before; loading its
state brought the old one back, and the updates followed that.

Why it matters: the option that was changed has no effect, and nothing says so.

Usual causes: ``optimizer.load_state_dict`` restores ``lr`` and ``initial_lr``,
``scheduler.load_state_dict`` restores ``base_lrs``.

What to do: after loading both, set ``lr`` and ``initial_lr`` of every group and
``base_lrs`` of the scheduler.

Looks the same, but is right: a resume whose command leaves the option out and relies on
the checkpoint: information only. A decayed rate alone proves nothing: initial rates are
compared.

Upstream: pytorch/examples#816, facebookresearch/detr#301, facebookresearch/ParlAI#3116,
mapbox/robosat#169, bmaltais/kohya_ss#1924, open-mmlab/mmdetection#6402,
open-mmlab/mmdetection#5145, OpenNMT/OpenNMT-py#1911, NVIDIA/Megatron-LM#1284,
AnswerDotAI/ModernBERT#124, alex-hh/profam#269, huggingface/transformers#9099,
pytorch/pytorch#156846
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.asked import rate_asked_for
from lrscope.audit.facts.nearness import are_near
from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.resumption import Resumption
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Resumption]:
    return [each for each in case.resumptions if each.loads and each.made_with]


def _judge(resumption: Resumption) -> Iterator[Finding]:
    made, old = list(resumption.made_with), resumption.base_rates_loaded
    if not old or are_near(made, old) or not resumption.optimizer.groups:
        return
    if resumption.before is not None and not resumption.has_new_base:
        return
    if not resumption.follows_loaded:
        return
    asked, asked_before = _asked(resumption), _asked_before(resumption)
    changed = asked is not None and asked != asked_before
    elsewhere = asked is None and asked_before is None and resumption.before is not None
    yield RULE.found(
        resumption,
        f"the optimizer was made with lr={made[0]:.4g}; its loaded state brought back "
        f"lr={old[0]:.4g}, and the updates follow that",
        cause="optimizer.load_state_dict() restores the rates of its groups",
        fix="set lr and initial_lr of every group, and the scheduler's base_lrs, after "
        "loading",
        severity=WARNING if changed or elsewhere else INFO,
        steps=resumption.optimizer.throughout,
        evidence={"constructed_with": made, "loaded": old, "asked_for": asked},
    )


def _asked(resumption: Resumption) -> float | None:
    return rate_asked_for(resumption.training.process.command)


def _asked_before(resumption: Resumption) -> float | None:
    before = resumption.before
    return rate_asked_for(before.training.process.command) if before else None


RULE = Rule(
    code="LR307",
    name="new-lr-ignored-on-resume",
    severity=WARNING,
    page=__doc__,
    needs="an optimizer that was given a saved state",
    subjects=_subjects,
    judge=_judge,
)
