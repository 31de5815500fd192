"""A scheduler could not be saved because of a function in it.

What it means: the run ended while a checkpoint was written: a function that a scheduler
holds cannot be pickled.

Why it matters: the training is lost at its first checkpoint.

Usual causes: ``torch.save(scheduler, …)`` of a whole LambdaLR; a scheduler of one's own
that keeps a lambda or a local function as an attribute, which ``state_dict()`` returns.

What to do: save ``scheduler.state_dict()``; make the function a top-level one, or leave
it out of the state.

Looks the same, but is right: LambdaLR with a lambda whose ``state_dict()`` is saved,
which leaves the function out.

Upstream: pytorch/pytorch#3026, pytorch/pytorch#110931, huggingface/transformers#21689,
manuelfritsche/real-world-sr#15
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

REFUSED = re.compile(
    r"(?:Can't (?:pickle|get) (?:local object |<function |function )|cannot pickle '?)"
    r"'?([\w.<>]+)"
)


def _functions(value: Any) -> set[str]:
    """Return the names of the functions in plain data, without their modules."""
    if isinstance(value, dict):
        name = value.get("callable")
        own = {str(name)} if isinstance(name, str) else set()
        return own.union(*(_functions(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(_functions(each) for each in value))
    return set()


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each for each in case.schedulers if each.training.process.ended and _held(each)
    ]


def _held(scheduler: Scheduler) -> set[str]:
    found: set[str] = set()
    for part in scheduler.parts:
        found |= _functions({**part.attributes, **part.arguments})
    return found


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    ending = scheduler.training.ending
    found = REFUSED.search(ending.message)
    kinds = {"PicklingError", "AttributeError", "TypeError"}
    if found is None or ending.error not in kinds:
        return
    name = found[1].rstrip(".")
    if not any(each == name or each.endswith(f".{name}") for each in _held(scheduler)):
        return
    yield RULE.found(
        scheduler,
        f"the run ended because {name}, which {scheduler.class_name} holds, cannot be "
        "pickled",
        cause="the scheduler itself was saved, or its state holds the function",
        fix="save scheduler.state_dict(), and make the function a top-level one",
        evidence={"exception": ending.exception},
    )


RULE = Rule(
    code="LR611",
    name="unpicklable-or-unsaved-lambda",
    severity=ERROR,
    page=__doc__,
    needs="a run that has ended, with a scheduler that holds a function",
    subjects=_subjects,
    judge=_judge,
)
