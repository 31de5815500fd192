"""Late: what arrived from a device after its row was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


class Late:
    """Values that belong in rows that hold NaN, and whether steps updated.

    Attributes:
        updated: row to whether it updated, where that was not known at once.
    """

    def __init__(self, events: list[dict[str, Any]]) -> None:
        """Gather what arrived from the events of a recording."""
        self.updated: dict[int, bool] = {}
        self._values: dict[int, dict[int, float]] = {}  # by column and row
        for event in events:
            if event.get("event") == "values_arrived":
                for row in event["rows"]:
                    self._take(row)

    def _take(self, row: dict[str, Any]) -> None:
        if "updated" in row:
            self.updated[row["row"]] = row["updated"]
        for column, value in row["values"]:
            self._values.setdefault(column, {})[row["row"]] = value

    def completed(
        self,
        values: NDArray[np.float64],
        column: int,
        rows: Callable[[], NDArray[np.int64]],
    ) -> NDArray[np.float64]:
        """Return the values of a column with those that came late in their places.

        Args:
            values: what the rows hold.
            column: its index in these rows.
            rows: returns their numbers; not called if nothing came late.
        """
        late = self._values.get(column)
        if not late:
            return values
        values, numbers = values.copy(), rows()
        for place in np.flatnonzero(np.isnan(values)).tolist():
            values[place] = late.get(int(numbers[place]), values[place])
        return values
