"""Spec: what stands on the command line for a plan, ``[GROUP=]SPEC``."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lrscope.cli.factory import is_place, made_by
from lrscope.cli.made import Made
from lrscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMED = re.compile(r"(?P<group>[^\s=()\[\]'\"]+)\s*=(?!=)(?P<spec>.*)", re.DOTALL)


def plans_in(text: str, rates: Mapping[str, float | None]) -> list[Made]:
    """Return the plans that a text stands for.

    Args:
        text: A schedule in its text form, a file with its JSON form or the place of a
            factory; with a group's name and "=" before it, for that group.
        rates: Groups and their base rates, for a factory that asks for an optimizer.

    Raises:
        UsageError: If it cannot be read, or has no plan for the group it names.
    """
    found = _NAMED.fullmatch(text.strip())
    if found is None:
        return _made(text.strip(), rates)
    group, made = found["group"], _made(found["spec"].strip(), rates)
    if all(not each.group for each in made):
        return [replace(each, group=group) for each in made]
    chosen = [each for each in made if each.group == group]
    if not chosen:
        groups = ", ".join(sorted({repr(each.group) for each in made if each.group}))
        msg = f"{text}: there is no group {group!r}; there are {groups}"
        raise UsageError(msg)
    return chosen


def _made(spec: str, rates: Mapping[str, float | None]) -> list[Made]:
    from lrscope.schedules import from_json, parse

    if not spec:
        msg = "a SPEC is needed, such as 'warmup(500) >> cosine(9_500)', got nothing"
        raise UsageError(msg)
    if spec.removesuffix(":").endswith(".py"):
        msg = f"name what makes the plan in the file: {spec.removesuffix(':')}:NAME"
        raise UsageError(msg)
    if is_place(spec):
        return made_by(spec, rates)
    if spec.endswith(".json"):
        try:
            text = Path(spec).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            msg = f"{spec} cannot be read: {error}"
            raise UsageError(msg) from error
        return [Made(spec=spec, schedule=from_json(text))]
    return [Made(spec=spec, schedule=parse(spec))]
