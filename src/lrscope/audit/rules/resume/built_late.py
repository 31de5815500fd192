"""A scheduler was made after the optimizer's state was loaded, and spoilt its rate.

What it means: making a scheduler writes the optimizer's rate. Made after
``optimizer.load_state_dict`` it overwrites the rate that was loaded, and
``scheduler.load_state_dict`` does not write it again.

Why it matters: the first update runs at the first rate of the schedule. Schedulers that
multiply the rate they find (``LinearLR``, ``ConstantLR``, ``SequentialLR``,
``ChainedScheduler``) stay off for good.

Usual causes: the optimizer is restored early, the scheduler is made where training
begins.

What to do: make the optimizer, make the scheduler, then load both states.

Looks the same, but is right: schedulers whose making leaves the rate alone (``StepLR``,
``MultiStepLR``, ``CosineAnnealingLR`` …); programs that write the rate again, or load
the optimizer once more; a new schedule for a loaded optimizer.

Upstream: pytorch/pytorch#119168, pytorch/pytorch#65342, ultralytics/yolov5#292,
torch-points3d/torch-points3d#630, huggingface/nanotron#256, huggingface/nanotron#233,
hpcaitech/ColossalAI#5151
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.nearness import are_near
from lrscope.audit.facts.number import numbers
from lrscope.audit.finding import ERROR, WARNING
from lrscope.audit.rule import Rule
from lrscope.audit.rules.resume import CONSEQUENCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.continued import Continued
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Continued]:
    return [
        each
        for each in case.continued
        if each.load is not None and each.resumption.loads and each.counts
        if each.scheduler.event.how == "constructed"
    ]


def _judge(continued: Continued) -> Iterator[Finding]:
    history = continued.training.process.history
    order = {id(each): k for k, (_, _, each) in enumerate(history.rare)}
    loads = continued.resumption.loads
    last = order[id(loads[-1])]
    late = [each for each in continued.scheduler.parts if order[id(each)] > last]
    first = continued.first_rates
    restored = continued.rates_loaded
    if not late or continued.stepped_since_loading or not restored or not first:
        return
    brought = numbers(loads[-1].rates)
    if are_near(first, restored) or are_near(first, brought):
        return
    wrong = continued.wrong()
    share = 0.0 if wrong is None or not wrong.size else float(wrong.mean())
    yield RULE.found(
        continued,
        f"{continued.scheduler.class_name} was made after optimizer.load_state_dict; "
        f"the first update ran at {first[0]:.4g} instead of {restored[0]:.4g}",
        cause="making a scheduler writes its first rate over the one that was loaded",
        fix="make the scheduler before optimizer.load_state_dict()",
        severity=ERROR if share > 0.1 else WARNING,
        steps=continued.optimizer.throughout,
        evidence={
            "first_rates": first,
            "rates_loaded": restored,
            "wrong_updates": None if wrong is None else int(wrong.sum()),
            "order": [
                "optimizer.load_state_dict",
                continued.scheduler.class_name,
                "scheduler.load_state_dict",
            ],
        },
    )


RULE = Rule(
    code="LR302",
    name="sched-built-after-optimizer-load",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler and its optimizer that were both given a saved state",
    subjects=_subjects,
    judge=_judge,
    explains=CONSEQUENCES,
)
