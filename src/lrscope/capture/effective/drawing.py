"""Drawing: what is measured of an optimizer's parameters, chosen once.

Small tensors are measured whole, of a large one a sample; see `strata`. The random
numbers come from a recorded seed.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from lrscope.capture.effective.elements import copies_of, size_of, why_not
from lrscope.capture.effective.part import Part
from lrscope.capture.effective.strata import measured_in

if TYPE_CHECKING:
    from collections.abc import Sequence

SEED = 20
"""Of the random numbers that choose coordinates; every rank draws the same."""

MOST_BYTES = 64 << 20
"""Memory that measuring a step may take, over all groups of an optimizer."""

BYTES_EACH = 24
"""Bytes at most that an element takes from before the step to after it."""

SMALLEST_LIMIT = 2.0**-12
"""Tensors are not sampled any thinner: two blocks of each are looked at anyway."""


class Drawing:
    """All parts of one optimizer, and what is not measured.

    Attributes:
        parts: what is measured.
        left_out: (group, name, reason) of parameters that cannot be measured.
    """

    def __init__(
        self,
        groups: Sequence[dict[str, Any]],
        numbers: Sequence[int],
        *,
        first: int,
        by_parameter: bool,
        refused: dict[int, str],
    ) -> None:
        """Draw anew.

        Args:
            groups: of the optimizer.
            numbers: theirs.
            first: number of the first part.
            by_parameter: a part for each parameter.
            refused: parameters by identity that turned out not to be measurable.
        """
        self.parts: list[Part] = []
        self.left_out: list[tuple[int, str, str]] = []
        self._known = [
            [(weakref.ref(each), _form_of(each)) for each in group["params"]]
            for group in groups
        ]
        for number, group in zip(numbers, groups):
            names = list(map(str, group.get("param_names", ())))
            by_key: dict[Any, list[Any]] = {}
            for index, parameter in enumerate(group["params"]):
                name = names[index] if index < len(names) else f"parameter{index}"
                why = refused.get(id(parameter)) or why_not(parameter)
                if why:
                    self.left_out.append((number, name, why))
                    continue
                copies = copies_of(parameter)
                kind = parameter.device, parameter.dtype, parameter.requires_grad
                key = (*kind, copies, name if by_parameter else None)
                by_key.setdefault(key, []).append(parameter)
            for (*_, name), members in by_key.items():
                part = Part(first + len(self.parts), number, name, members)
                self.parts.append(part)
        limit = self._limit()
        for position, part in enumerate(self.parts):
            part.draw(limit, SEED + position)

    def _limit(self) -> float:
        """Return the share of the usual samples that memory allows."""
        sizes = [size_of(each()) for part in self.parts for each in part.parameters]
        limit = 1.0
        while limit > SMALLEST_LIMIT:
            if (
                sum(measured_in(size, limit) for size in sizes)
                <= MOST_BYTES / BYTES_EACH
            ):
                break
            limit /= 2
        return limit

    def fits(self, groups: Sequence[dict[str, Any]]) -> bool:
        """Say whether an optimizer still has the parameters that were drawn from."""
        if [len(each["params"]) for each in groups] != list(map(len, self._known)):
            return False
        return all(
            reference() is parameter and form == _form_of(parameter)
            for known, group in zip(self._known, groups)
            for (reference, form), parameter in zip(known, group["params"])
        )


def _form_of(parameter: Any) -> tuple[Any, ...]:
    """Return what may change after it was drawn from, by ``parameter.data = …`` too."""
    kind = parameter.device, parameter.layout, parameter.requires_grad
    return (*kind, size_of(parameter))
