"""A learning rate is a text.

What it means: the rate is written in quotation marks.

Why it matters: for the whole optimizer torch raises TypeError; in a group it is taken,
and fails at the first update with a message about something else.

Usual causes: a value copied from YAML, where ``1e-4`` without a point is a text.

What to do: write a number: ``1e-4``, or ``float(value)``.

Looks the same, but is right: nothing.

Upstream: salesforce/ALBEF#128, hiyouga/LlamaFactory#4149, huggingface/trl#1450
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.finding import ERROR
from lrscope.check.groups import groups_of
from lrscope.check.rule import Mistake, StaticRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.program import Program


def _find(program: Program) -> Iterator[Mistake]:
    for made in program.optimizers:
        given = [made.argument("lr")]
        given += [each["lr"] for each in groups_of(program, made) if "lr" in each]
        for each in given:
            value = program.constants.value(each)
            if isinstance(value, str):
                yield Mistake(
                    node=made.call,
                    message=f"{made.name} gets the text {value!r} as a rate",
                    fix="write it as a number, without quotation marks",
                )


RULE = StaticRule(
    code="LR418",
    name="lr-is-a-string",
    severity=ERROR,
    page=__doc__,
    find=_find,
)
