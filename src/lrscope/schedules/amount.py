"""Amounts: lengths in units other than steps, such as "3ep" or "10%"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from lrscope.errors import ScheduleError

UNITS = {
    "%": ("%",),
    "ep": ("ep", "epoch", "epochs"),
    "samples": ("samples", "sample", "sp"),
    "tokens": ("tokens", "token", "tok"),
    "steps": ("steps", "step", "ba"),
}
"""Every unit with the words that it is written with, the normal one first."""

_NAMES = {word: unit for unit, words in UNITS.items() for word in words}
_WRITTEN = re.compile(
    r"\s*(?P<number>[0-9][0-9_]{0,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?)"
    r"\s*(?P<unit>%|[A-Za-z]+)\s*"
)


@dataclass(frozen=True)
class Amount:
    """A length in a unit: how many, of what."""

    number: Fraction
    unit: str
    text: str
    """As it is written in its normal form: "3ep", "1e6 samples"."""

    @classmethod
    def parse(cls, who: str, text: str) -> Amount:
        """Read an amount; ``who`` begins the message of the error."""
        found = _WRITTEN.fullmatch(text)
        unit = _NAMES.get(found["unit"].lower()) if found else None
        if found is None or unit is None:
            msg = (
                f"{who} as steps or as a number with a unit "
                f"({', '.join(map(repr, UNITS))}), got {text!r}"
            )
            raise ScheduleError(msg)
        number = Fraction(found["number"].replace("_", ""))
        if number <= 0 or (unit == "%" and number > 100):
            msg = f"{who} above 0 and no more than 100 %, got {text!r}"
            raise ScheduleError(msg)
        space = "" if unit in ("%", "ep") else " "
        return cls(number, unit, f"{found['number']}{space}{unit}")
