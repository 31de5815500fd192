"""A function in a scheduler could not be saved, or what it knew was not.

What it means: the run ended while a checkpoint was written: a function that a scheduler
holds cannot be pickled. Or the function of a LambdaLR reads something beside the step,
which no state holds, and after the resume the rate is back where it began.

Why it matters: the training is lost at its first checkpoint, or is undone by a rate far
too high.

Usual causes: ``torch.save(scheduler, …)`` of a whole LambdaLR; a scheduler of one's own
that keeps a lambda or a local function as an attribute, which ``state_dict()`` returns;
``LambdaLR(optimizer, lambda _: self.factor)``, whose ``factor`` the checkpoint lacks.

What to do: save ``scheduler.state_dict()``; make the function a top-level one, or leave
it out of the state. Make the function an object, whose attributes are saved, or save
what it reads.

Looks the same, but is right: LambdaLR with a lambda whose ``state_dict()`` is saved,
which leaves the function out.

Upstream: pytorch/pytorch#3026, pytorch/pytorch#110931, huggingface/transformers#21689,
manuelfritsche/real-world-sr#15
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lrscope.audit.facts.continued import Continued
from lrscope.audit.facts.memory import forgets
from lrscope.audit.finding import ERROR, WARNING
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


def _subjects(case: Case) -> list[Scheduler | Continued]:
    holding = [
        each for each in case.schedulers if each.training.process.ended and _held(each)
    ]
    return [*holding, *case.continued]


def _held(scheduler: Scheduler) -> set[str]:
    found: set[str] = set()
    for part in scheduler.parts:
        found |= _functions({**part.attributes, **part.arguments})
    return found


def _judge(subject: Scheduler | Continued) -> Iterator[Finding]:
    if isinstance(subject, Continued):
        yield from _unsaved(subject)
    else:
        yield from _refused(subject)


def _unsaved(continued: Continued) -> Iterator[Finding]:
    lost = forgets(continued)
    if lost is None:
        return
    before, after = lost
    yield RULE.found(
        continued,
        f"the first step of {continued.scheduler.class_name} after the resume took the "
        f"rate from {before:.4g} back to {after:.4g}, that of the very first update",
        cause="its function does not look at the step; what it reads was not saved",
        fix="save and load what the function reads",
        severity=WARNING,
        evidence={"rates": [before, after]},
    )


def _refused(scheduler: Scheduler) -> Iterator[Finding]:
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
    needs="a scheduler that holds a function, in a run that has ended or goes on",
    subjects=_subjects,
    judge=_judge,
)
