"""Gauging: what measuring would have written of a training that is only told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrscope.recording.measuring import COLUMNS
from lrscope.recording.sums import ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.recording.writer import Writer

    from .tale import Told

ELEMENTS = 1000


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What an update did to a group of `ELEMENTS` weights.

    Attributes:
        ratio: update to weight.
        gradient: share of the weights that had one.
        moved: share of the weights that changed.
        length: of the weights before it.
        shrank: cosine of the movement and minus the weights.
    """

    ratio: float = 1e-3
    gradient: float = 1.0
    moved: float = 1.0
    length: float = 10.0
    shrank: float = 0.0

    def sums(self) -> dict[str, float]:
        """Return the sums as they are called in the file."""
        length = self.ratio * self.length if self.moved else 0.0
        slope = 1.0 if self.gradient else 0.0
        return {
            "moved·moved": length**2,
            "moved·gradient": -length * slope,
            "moved·weight": -self.shrank * length * self.length,
            "gradient·gradient": slope,
            "gradient·weight": 0.0,
            "weight·weight": self.length**2,
            "decay": 0.0,
            "gradient_not_zero": self.gradient * ELEMENTS,
            "gradient_finite": float(ELEMENTS),
            "elements_moved": self.moved * ELEMENTS,
            **dict.fromkeys(ERRORS, 0.0),
        }


class Gauges:
    """Writes rows of measured updates, and of losses, as a recorder does."""

    def __init__(self, writer: Writer, told: Told) -> None:
        """Announce what there is to write."""
        self._writer, self._told = writer, told
        self._parts = [self._announced(k) for k in range(len(told.measured))]
        self._values = {
            name: writer.layout({"holds": "value", "name": name, "columns": [name]}, 1)
            for name in ("loss", *told.logged)
        }

    def began(self) -> dict[str, Any]:
        """Return what the event says that tells of it."""
        part = {"parameter": None, "elements": ELEMENTS, "measured": ELEMENTS}
        part |= {"copies": None, "dtypes": ["float32"], **self._told.drawn}
        parts = [{"part": k, "group": k, **part} for k in range(len(self._parts))]
        return {"optimizer": 0, "seed": 20, "every": 1, "budget": None} | {
            "parts": parts, "left_out": self._told.left_out,
        }  # fmt: skip

    def _announced(self, group: int) -> dict[str, tuple[Any, list[str]]]:
        own = {"optimizer": 0, "group": group, "parameter": None, "part": group}
        own |= {"copies": self._told.drawn.get("copies")}
        found = {}
        sampled = self._told.drawn.get("measured", ELEMENTS) < ELEMENTS
        for kind in list(COLUMNS)[: 3 if sampled else 2]:
            columns = ["row", *COLUMNS[kind]]
            described = {"holds": kind, **own, "columns": columns}
            layout = self._writer.layout(described, len(columns))
            found[kind] = (layout, columns)
        return found

    def before(self, call: int) -> None:
        """Write the loss that leads to an update."""
        if self._told.loss is not None:
            self._put(self._values["loss"], [self._told.loss(call)])

    def after(self, call: int) -> None:
        """Write what an update did, and what is logged after it."""
        row = self._writer.next_row - 1
        for layout, values in self._rows(call, row):
            self._put(layout, values)
        for name, logged in self._told.logged.items():
            self._put(self._values[name], [logged(call)])

    def _rows(self, call: int, row: int) -> Iterator[tuple[Any, list[float]]]:
        for part, of in zip(self._parts, self._told.measured, strict=True):
            moved = of(call)
            if moved is not None:
                sums = {"row": float(row), **moved.sums()}
                for layout, columns in part.values():
                    yield layout, [sums[each] for each in columns]

    def _put(self, layout: Any, values: list[float]) -> None:
        self._writer.put(layout, self._writer.signature([]), 0, values)
