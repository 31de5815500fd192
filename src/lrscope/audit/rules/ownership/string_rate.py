"""A rate is a text, not a number.

What it means: a group's rate, or what a scheduler was given, is text such as "1e-4".

Why it matters: torch notices when it compares or multiplies, with a message that does
not name the cause; a text that is written into a group later is noticed only at the
next update.

Usual causes: YAML 1.1 reads ``1e-4`` as text, ``1.0e-4`` as a number; a command line
option without ``type=float``.

What to do: write ``1.0e-4``, or convert with ``float()``.

Looks the same, but is right: nothing known.

Upstream: salesforce/ALBEF#128, lseventeen/FR-UNet#10, hiyouga/LlamaFactory#4014,
hiyouga/LlamaFactory#4149, huggingface/trl#1450, h2oai/h2o-llmstudio#699,
Noble-Lab/casanovo#64
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.audit.facts.refused import Refused, refused_in
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.finding import Finding

NUMBERS = frozenset(
    {"eta_min", "max_lr", "base_lr", "min_lr", "gamma", "factor", "start_factor",
     "end_factor", "swa_lr", "lr", "lr_end", "power", "warmup_lr_init"}
)  # fmt: skip
"""Arguments of schedulers that are numbers."""


def _subjects(case: Case) -> list[Optimizer | Refused]:
    refused = filter(None, map(refused_in, case.trainings))
    return [*case.optimizers, *refused]


def _judge(subject: Optimizer | Refused) -> Iterator[Finding]:
    if isinstance(subject, Refused):
        told, where = next(_refused(subject), None), subject.where
    else:
        told, where = next(_texts(subject), None), subject.writers
    if told is None:
        return
    what, value = told
    yield RULE.found(
        subject,
        f"{what} is the text {value}, not a number",
        cause="a setting was read as text; YAML 1.1 does so with 1e-4",
        fix="write 1.0e-4 in YAML, or convert it with float()",
        where=where,
        evidence={"value": value, "ended_with": subject.training.ending.exception},
    )


def _refused(subject: Refused) -> Iterator[tuple[str, str]]:
    if isinstance(subject.lr, str) and _is_number(subject.lr):
        yield f"the lr of {subject.told.get('class_name')}", repr(subject.lr)


def _texts(optimizer: Optimizer) -> Iterator[tuple[str, str]]:
    for each in optimizer.not_numbers:
        if each.type in {"str", "str_"}:
            yield "the rate of a group", each.value
    for group in optimizer.event.groups if optimizer.event else ():
        for key in ("learning_rate", "lr"):
            value = group.others.get(key)
            if isinstance(value, str) and _is_number(value):
                yield f"{key} of a group", repr(value)
    for scheduler in optimizer.schedulers:
        for part in scheduler.parts:
            for name in NUMBERS & set(part.arguments):
                value = part.arguments[name]
                if isinstance(value, str) and _is_number(value):
                    yield f"{name} of {part.class_name}", repr(value)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return value.strip().lower() not in {"nan", "inf", "-inf", "infinity"}


RULE = Rule(
    code="LR418",
    name="lr-is-a-string",
    severity=ERROR,
    page=__doc__,
    needs="an optimizer",
    subjects=_subjects,
    judge=_judge,
)
