"""The text form of a schedule: what Python code reads like."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lrscope.schedules.algebra.changed import absolute, clip, hold, quotient
from lrscope.schedules.algebra.combined import maximum, minimum, product, total
from lrscope.schedules.algebra.extended import extend, replan
from lrscope.schedules.algebra.moved import reverse, shift, window
from lrscope.schedules.algebra.repeated import repeat
from lrscope.schedules.algebra.stretched import stretch
from lrscope.schedules.algebra.then import then
from lrscope.schedules.shapes.constant import constant

if TYPE_CHECKING:
    from lrscope.schedules.evaluated import Evaluated

_OPERATORS: dict[type, tuple[str, int]] = {
    then: (" >> ", 1),
    total: (" + ", 2),
    product: (" * ", 3),
}
"""How they are written and how closely they bind."""

_PRODUCT = 3
_CALL = 4

_NAMED = (hold, clip, extend, replan)
_METHODS = (*_NAMED, shift, reverse, absolute, repeat)
"""What is written as a method; the arguments of some are written with names."""


def to_text(schedule: Evaluated) -> str:
    """Return a schedule as text that ``parse`` reads back.

    Raises:
        ScheduleError: If it holds a function without a name.

    >>> import lrscope
    >>> lrscope.schedules.to_text(0.5 * lrscope.cosine(100)[10:])
    '0.5 * cosine(100)[10:]'
    """
    schedule._refuse_nameless()
    return shown(schedule)


def shown(schedule: Evaluated) -> str:
    """Return a schedule as text for people, functions without a name too."""
    return _written(schedule)[0]


def _written(schedule: Any) -> tuple[str, int]:
    """Return text and how closely its outermost operator binds."""
    kind = type(schedule)
    if kind in _OPERATORS:
        return _operation(schedule)
    if kind is quotient:
        text, binds = _written(schedule.inner)
        text = text if binds >= _PRODUCT else f"({text})"
        return f"{text} / {schedule.by!r}", _PRODUCT
    return _call_of(schedule), _CALL


def _call_of(schedule: Any) -> str:
    """Return a call, a method or a slice."""
    kind = type(schedule)
    if kind in (minimum, maximum):
        first, *others = schedule.parts
        calls = (f".{kind.__name__}({_argument(each)})" for each in others)
        return _tight(first) + "".join(calls)
    if kind is window:
        ends = (schedule.start or None, schedule.stop)
        start, stop = ("" if each is None else repr(each) for each in ends)
        return f"{_tight(schedule.inner)}[{start}:{stop}]"
    if kind is stretch:
        by = str(Fraction(schedule.up, schedule.down))
        return f"{_tight(schedule.inner)}.stretch({by})"
    if kind in _METHODS:
        name, arguments = _call(schedule, keywords=kind in _NAMED)
        return f"{_tight(schedule.inner)}.{name}({arguments})"
    name, arguments = _call(schedule)
    return f"{name}({arguments})"


def _operation(schedule: Any) -> tuple[str, int]:
    sign, binds = _OPERATORS[type(schedule)]
    if (rest := _negated(schedule)) is not None:
        return f"-{_tight(rest)}", binds
    text = ""
    for index, each in enumerate(schedule.parts):
        joint = sign if index else ""
        taken = _taken_away(each) if joint == " + " else None
        if taken is not None:
            joint, each = " - ", taken  # noqa: PLW2901
        beside = schedule.parts[0 if index else 1]
        bare = _is_number(each) and (index > 0 or not _is_number(beside))
        if bare and sign != " >> ":
            word = repr(each.value)
        else:
            word, inner = _written(each)
            word = word if inner > binds else f"({word})"
        text += joint + word
    return text, binds


def _negated(schedule: Any) -> Any:
    """Return what a schedule is -1 times, if it is that."""
    if type(schedule) is not product or schedule.parts[0] != constant(-1.0):
        return None
    first, *others = schedule.parts[1:]
    if others:
        return product((first, *others))
    return None if _is_number(first) else first


def _taken_away(schedule: Any) -> Any:
    """Return what is subtracted where a part of a sum is added."""
    if _is_number(schedule) and schedule.value < 0:
        return constant(-schedule.value)
    return _negated(schedule)


def _argument(schedule: Any) -> str:
    return repr(schedule.value) if _is_number(schedule) else shown(schedule)


def _is_number(schedule: Any) -> bool:
    return isinstance(schedule, constant) and schedule.steps is None


def _tight(schedule: Any) -> str:
    text, binds = _written(schedule)
    return text if binds == _CALL else f"({text})"


def _call(schedule: Any, *, keywords: bool = False) -> tuple[str, str]:
    """Return name and arguments: required ones by place, others if not the default."""
    words = []
    for each in dataclasses.fields(schedule):
        if not each.init or each.metadata["kind"] in ("schedule", "schedules"):
            continue
        found = getattr(schedule, each.name)
        required = each.default is dataclasses.MISSING
        if required and not keywords:
            words.append(_literal(found))
        elif required or found != each.default:
            words.append(f"{each.name}={_literal(found)}")
    return type(schedule).__name__, ", ".join(words)


def _literal(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_literal, value))}]"
    return repr(value)
