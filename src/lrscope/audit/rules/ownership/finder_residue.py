"""The training goes on with what a search for the rate left behind.

What it means: the run begins with a range test: the rate grows by the same factor at
every update, over orders of magnitude. What trains after it has the last rate of the
test, or a base rate from its beginning.

Why it matters: the last rate of a range test is the one at which the loss exploded; its
first is far too small.

Usual causes: model and optimizer were not put back; only the model was; the test's
``initial_lr`` stayed in the groups and the real scheduler took it for its base.

What to do: search with a copy of model and optimizer, or make both anew after it.

Looks the same, but is right: an exponential warm-up that goes on to where it led; a run
that is nothing but a range test.

Upstream: Lightning-AI/pytorch-lightning#15856, Lightning-AI/pytorch-lightning#21030,
Lightning-AI/pytorch-lightning#21068, Lightning-AI/pytorch-lightning#14113,
davidtvs/pytorch-lr-finder#11, fastai/fastai#3013, fastai/fastai#2892
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.ramp import Ramp, ramp_of
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Ramp]:
    found = (ramp_of(each) for each in case.groups if each.index == 0)
    return [each for each in found if each is not None and each.rest.size]


def _judge(ramp: Ramp) -> Iterator[Finding]:
    if not ramp.is_apart:
        return
    first, low, high = float(ramp.rest[0]), ramp.low, ramp.high
    base = ramp.base_after
    if base is not None and abs(base - low) <= 0.01 * low and low < 1e-2 * high:
        told = (
            f"the scheduler made after it took the test's first rate {low:.3g} as base"
        )
    elif abs(first - high) <= 0.02 * high or abs(first - ramp.due) <= 0.02 * high:
        told = f"the training after it began at {first:.3g}, where the test had ended"
    else:
        return
    yield RULE.found(
        ramp.group,
        f"updates 0 to {ramp.length - 1} are a range test from {low:.3g} to "
        f"{high:.3g}; {told}",
        cause="the optimizer was not put back after the search",
        fix="search with a copy, or make the optimizer anew after the search",
        steps=(ramp.length, ramp.length + int(ramp.rest.size) - 1),
        evidence={"from": low, "to": high, "first_after": first},
    )


RULE = Rule(
    code="LR415",
    name="lr-finder-residue",
    severity=WARNING,
    page=__doc__,
    needs="a range test and updates after it",
    subjects=_subjects,
    judge=_judge,
    explains=("initial_lr-poisons-second-scheduler", "manual-edit-clobbered"),
)
