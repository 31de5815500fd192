"""Internals: writes by which numbers an optimizer changes its rate inside a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.capture.effective.formulas import AFTER, BEFORE

if TYPE_CHECKING:
    from lrscope.capture.effective.formulas import Reader
    from lrscope.capture.journal import Journal
    from lrscope.capture.watch import Watch
    from lrscope.recording.dictionary import Layout


class Internals:
    """Reads internal rates of one optimizer, and writes them down.

    Args:
        watch: of the optimizer.
        journal: where to write.
    """

    def __init__(self, watch: Watch, journal: Journal) -> None:
        """Know nothing yet."""
        self._watch = watch
        self._journal = journal
        self._before: list[tuple[int, str, float]] = []
        self._layouts: dict[tuple[int, str], Layout] = {}
        self._given_up: set[str] = set()

    def look(self, optimizer: Any) -> None:
        """Read what only shows before a step."""
        self._before = self._read(BEFORE, optimizer)

    def write(self, optimizer: Any, row: int) -> None:
        """Read what shows after a step, and write all of it.

        Args:
            optimizer: the one that stepped.
            row: of the step.
        """
        journal = self._journal
        before, self._before = self._before, []
        for group, name, value in before + self._read(AFTER, optimizer):
            layout = self._layouts.get((group, name))
            if layout is None:
                layout = self._layouts[group, name] = self._announced(group, name)
            journal.sink.put(layout, journal.silence(), 0, [float(row), value])

    def forget_files(self) -> None:
        """Be ready for a new recording, in a forked child."""
        self._layouts.clear()

    def _read(
        self, readers: dict[str, Reader], optimizer: Any
    ) -> list[tuple[int, str, float]]:
        found = []
        for name, read in readers.items():
            if name in self._given_up:
                continue
            try:
                groups = optimizer.param_groups
                for number, group in zip(self._watch.numbers_of(groups), groups):
                    value = read(optimizer, group)
                    if value is not None:
                        found.append((number, name, value))
            except Exception as error:  # noqa: BLE001 - what it reads may be a namesake
                self._given_up.add(name)
                self._journal.event(
                    "internal_rate_given_up",
                    optimizer=self._watch.number,
                    name=name,
                    why=repr(error),
                )
        return found

    def _announced(self, group: int, name: str) -> Layout:
        columns = ["row", "value"]
        description = {
            "holds": "internal",
            "optimizer": self._watch.number,
            "group": group,
            "name": name,
            "columns": columns,
        }
        return self._journal.open().layout(description, len(columns))
