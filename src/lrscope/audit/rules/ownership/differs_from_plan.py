"""The rates that were used are not those that were planned.

What it means: the plan says a rate for every update: the schedule given with
``--plan``, what a driver declared, or what the formula of the only scheduler gives for
as many steps as it was stepped. An update was made with another rate.

Why it matters: whatever was concluded from the plan does not hold for this training.

Usual causes: a line writes the rate beside the scheduler; another scheduler does; a
state was loaded; the optimizer was made with another rate than the plan supposes.

What to do: look at who wrote the rate at the first update that differs; of two writers
take one away, or correct the plan. If it was a state that was loaded, load the state of
the schedule with it.

Looks the same, but is right: rates written by hand beside a scheduler on purpose; a
scheduler's own plan is therefore only a fact (info), and an error only if the plan was
given or declared. Rates kept in float32 tensors may drift by 0.1 %.

Upstream: huggingface/transformers#18070, CodefyUI/CodefyUI#252, pytorch/pytorch#68332
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.deviation import deviation_from
from lrscope.audit.finding import ERROR, INFO
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.deviation import Deviation
    from lrscope.audit.facts.planned import Planned
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[list[Planned]]:
    """Return the plans of each optimizer."""
    found: dict[int, list[Planned]] = {}
    for each in case.planned:
        found.setdefault(id(each.group.optimizer), []).append(each)
    return list(found.values())


def _judge(plans: list[Planned]) -> Iterator[Finding]:
    found = [off for each in plans if (off := deviation_from(each)) is not None]
    if not found:
        return
    first = min(found, key=lambda each: each.first)
    plan = first.planned
    groups = len({each.planned.group_name for each in found})
    yield RULE.found(
        plan,
        f"update {first.first} used {first.rate:.6g}, {plan.source} says "
        f"{first.due:.6g}; {first.updates} updates"
        + (f" and {groups} groups" if groups > 1 else "")
        + f" differ, by up to {_share(first.largest)} the largest rate planned",
        cause=_cause(first),
        fix=f"{_remedy(first)}, or correct the plan",
        severity=ERROR if plan.explicit else INFO,
        steps=(first.first, first.last),
        evidence={
            "applied": first.rate,
            "planned": first.due,
            "updates": first.updates,
            "by": first.by or None,
        },
    )


def _cause(found: Deviation) -> str:
    if found.by:
        return f"before it the rate was written by {found.by.removeprefix('by ')}"
    if found.first == 0:
        return "the optimizer was given another rate before its first update"
    return "nothing was seen that wrote the rate before it"


def _remedy(found: Deviation) -> str:
    """Say what to do about the writer; a state has more in it than a rate."""
    if "load_state_dict" in found.by:
        return "load the state of the schedule together with the optimizer's"
    return "take away the writer that is not the plan's"


def _share(largest: float) -> str:
    """Return a share in words that "the largest rate" can follow."""
    return f"{largest:.3g} times" if largest > 1 else f"{100 * largest:.3g} % of"


RULE = Rule(
    code="LR490",
    name="applied-differs-from-plan",
    severity=ERROR,
    page=__doc__,
    needs="a plan, or an optimizer that follows one scheduler of a known class",
    subjects=_subjects,
    judge=_judge,
)
