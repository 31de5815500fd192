"""The clock of a training: what turns epochs, samples and percents into steps."""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction
from math import floor
from typing import Any

from lrscope.errors import ScheduleError
from lrscope.schedules.amount import Amount, Term
from lrscope.schedules.arguments import whole

_NEEDS = {
    "%": "total_steps",
    "ep": "steps_per_epoch",
    "samples": "samples_per_step",
    "tokens": "tokens_per_step",
}


@dataclass(frozen=True, repr=False)
class Clock:
    """How many optimizer steps an epoch, the whole run or some data is.

    Everything is optional: a schedule asks for what its units need, and refuses
    to guess the rest.

    Args:
        steps_per_epoch: Optimizer steps in one epoch. With gradient accumulation
            that is the number of batches divided by the batches per step.
        total_steps: Optimizer steps in the whole run.
        samples_per_step: Samples in one optimizer step, over all processes.
        tokens_per_step: Tokens in one optimizer step, over all processes.

    Raises:
        ScheduleError: For a value that is not a whole number above 0.

    >>> import lrscope
    >>> clock = lrscope.Clock(steps_per_epoch=100, total_steps=2_000)
    >>> (lrscope.warmup("3ep") >> lrscope.cosine("85%")).on(clock)
    warmup(300) >> cosine(1700)
    """

    steps_per_epoch: int | None = None
    total_steps: int | None = None
    samples_per_step: int | None = None
    tokens_per_step: int | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None:
                found = whole(f"Clock needs {each.name}", value, 1)
                object.__setattr__(self, each.name, found)

    def __repr__(self) -> str:
        """Return the call that makes it, with what it knows."""
        known = ((each.name, getattr(self, each.name)) for each in fields(self))
        return f"Clock({', '.join(f'{name}={n}' for name, n in known if n)})"

    def resolved(self, kind: str, value: Any) -> Any:
        """Return the value of an argument of some kind with every length in steps."""
        if kind == "schedule":
            return value.on(self)
        if kind in ("schedules", "lengths"):
            inner = kind.removesuffix("s")
            return tuple(self.resolved(inner, each) for each in value)
        if kind == "points":
            return tuple((self.resolved("length", step), each) for step, each in value)
        in_units = kind == "length" and isinstance(value, str)
        return self.steps(value) if in_units else value

    def exactly(self, amount: str | Amount) -> Fraction:
        """Return an amount in steps, not rounded.

        Raises:
            ScheduleError: If the clock lacks what one of the amount's units needs, or
                if nothing is left of it.
        """
        found = Amount.of("a length is needed", amount)
        steps = Fraction(sum(map(self._steps_of, found.plus)))
        steps -= sum(map(self._steps_of, found.minus))
        if steps <= 0:
            msg = f"{found.text!r} leaves no step on {self!r}, it is {float(steps):g}"
            raise ScheduleError(msg)
        return steps

    def _steps_of(self, term: Term) -> Fraction:
        if term.unit == "steps":
            return term.number
        need = _NEEDS[term.unit]
        known: int | None = getattr(self, need)
        if known is None:
            msg = (
                f"{str(term)!r} needs a clock that knows {need}: Clock({need}=…), "
                f"on the command line --clock {need}=…"
            )
            raise ScheduleError(msg)
        if term.unit == "%":
            return term.number * known / 100
        return term.number * known if term.unit == "ep" else term.number / known

    def steps(self, amount: str | Amount) -> int:
        """Return an amount in steps, rounded to the nearest, halves up.

        Raises:
            ScheduleError: If the clock lacks what one of the amount's units needs, or
                if the amount is less than half a step.
        """
        found = rounded(self.exactly(amount))
        if not found:
            msg = f"{amount!r} is less than half a step on {self!r}; give steps"
            raise ScheduleError(msg)
        return found


def rounded(steps: Fraction) -> int:
    """Return the nearest whole number, halves up."""
    return floor(steps + Fraction(1, 2))
