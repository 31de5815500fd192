"""Amounts: lengths in units other than steps, such as "3ep" or "90ep - 500 steps"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, Inexact, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Union

from lrscope.errors import ScheduleError

if TYPE_CHECKING:
    from collections.abc import Iterator

Length = Union[int, str]
"""A number of steps, or text with a unit, until a clock makes steps of it."""

UNITS = {
    "%": ("%",),
    "ep": ("ep", "epoch", "epochs"),
    "samples": ("samples", "sample", "sp"),
    "tokens": ("tokens", "token", "tok"),
    "steps": ("steps", "step", "ba"),
}
"""Every unit with the words that it is written with, the normal one first."""

_NAMES = {word: unit for unit, words in UNITS.items() for word in words}
LONGEST = 30
"""Digits of a number."""

_DIGITS = (
    rf"[0-9][0-9_]{{0,{LONGEST}}}(\.[0-9]{{1,{LONGEST}}})?([eE][+-]?[0-9]{{1,2}})?"
)
_TERM = re.compile(rf"\s*(?P<number>{_DIGITS})\s*(?P<unit>%|[A-Za-z]+)\s*")
_ONE = rf"{_DIGITS}\s*(?:%|(?:{'|'.join(w for w in _NAMES if w != '%')})\b)"
_SEVERAL = re.compile(rf"(?<!\w){_ONE}(?:\s*[+-]\s*{_ONE})*", re.IGNORECASE)
_SIGN = re.compile(r"[+-]")


@dataclass(frozen=True)
class Term:
    """So many of one unit, above 0."""

    digits: str
    """As it was written: "3", "1e6", "1_000"."""
    unit: str

    @property
    def decimal(self) -> Decimal:
        """How many, as it was written."""
        return Decimal(self.digits.replace("_", ""))

    @property
    def number(self) -> Fraction:
        """How many."""
        return Fraction(self.decimal)

    def __str__(self) -> str:
        """Return the term in its normal form: "3ep", "1e6 samples"."""
        return f"{self.digits}{'' if self.unit in ('%', 'ep') else ' '}{self.unit}"


@dataclass(frozen=True)
class Amount:
    """A length in units: what is added and what is taken away from that."""

    plus: tuple[Term, ...]
    minus: tuple[Term, ...] = ()

    @classmethod
    def parse(cls, who: str, text: str) -> Amount:
        """Read an amount; ``who`` begins the message of the error."""
        plus: list[Term] = []
        minus: list[Term] = []
        into, at = plus, 0
        while (found := _TERM.match(text, at)) and found["unit"].lower() in _NAMES:
            term = Term(found["number"], _NAMES[found["unit"].lower()])
            if term.number <= 0 or (term.unit == "%" and term.number > 100):
                msg = f"{who} above 0 and no more than 100 %, got {text!r}"
                raise ScheduleError(msg)
            into.append(term)
            if found.end() == len(text):
                return cls(tuple(plus), tuple(minus))
            if not (sign := _SIGN.match(text, found.end())):
                break
            into, at = plus if sign[0] == "+" else minus, sign.end()
        msg = (
            f"{who} as a whole number of steps or as text with a unit: '3ep', '10%', "
            f"'1e6 samples', '2e9 tokens', '90ep - 500 steps'; got {text!r}"
        )
        raise ScheduleError(msg)

    @classmethod
    def of(cls, who: str, value: Any) -> Amount:
        """Return the amount that text, an amount or a number of steps stands for."""
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls.parse(who, value)
        return cls((Term(str(value), "steps"),) if value else ())

    @property
    def text(self) -> str:
        """As it is written in its normal form; empty for nothing."""
        more = "".join(f" + {each}" for each in self.plus).removeprefix(" + ")
        return more + "".join(f" - {each}" for each in self.minus)

    def __sub__(self, other: Amount) -> Amount:
        """Take another amount away; what has the same unit becomes one term."""
        found = Amount(self.plus + other.minus, self.minus + other.plus)
        for unit in UNITS:
            found = found._joined(unit)
        return found

    def _joined(self, unit: str) -> Amount:
        """Return the same amount with one term of a unit, where that is exact."""
        plus = [each for each in self.plus if each.unit == unit]
        minus = [each for each in self.minus if each.unit == unit]
        if len(plus) + len(minus) < 2:
            return self
        with localcontext() as context:
            context.prec, context.traps[Inexact] = LONGEST, True
            try:
                total = sum((each.decimal for each in plus), Decimal())
                total -= sum((each.decimal for each in minus), Decimal())
            except Inexact:
                return self
        plain = f"{abs(total):f}"
        digits = plain if len(plain) <= LONGEST else str(abs(total).normalize()).lower()
        one = (Term(digits, unit),) if total else ()
        return Amount(
            (*(each for each in self.plus if each not in plus), *one[: total > 0]),
            (*(each for each in self.minus if each not in minus), *one[: total < 0]),
        )


def with_unit(text: str) -> Iterator[re.Match[str]]:
    """Yield the places in a text where an amount in units is written."""
    return _SEVERAL.finditer(text)
