"""Settled: numbers beside the rates of an optimizer's groups, wherever these are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrscope.capture.watch import Watch

    Place = tuple[int, str, int]
    """Position of a group, key, index."""


class Settled:
    """What groups held when they were looked at last, by the number of the group.

    A group may leave its optimizer, come back and stand elsewhere.

    Attributes:
        moving: by number, (key, index) of what has moved once, in order; it has a
            column for good.
        several: keys that held more than one number once.
    """

    __slots__ = ("_was", "moving", "several")

    def __init__(self) -> None:
        """Know of no group."""
        self._was: dict[int, dict[tuple[str, int], float]] = {}
        self.moving: dict[int, dict[tuple[str, int], None]] = {}
        self.several: set[str] = set()

    def look(
        self, watch: Watch, before: list[int], groups: list[dict[str, Any]]
    ) -> list[tuple[Place, float | None]]:
        """Look at all groups anew and choose what has a column beside the rates.

        Args:
            watch: of the optimizer; numbered as the groups are now.
            before: numbers of its groups at the last look.
            groups: as they are now.

        Returns:
            numbers to note, as they were: those that move from now on, and all of a
            group that was not looked at before.
        """
        for number, reader, was in zip(before, watch.readers, watch.settings()):
            self._was[number] = reader.flat(was)
        watch.look_at(groups)
        watch.extra = []
        noted: list[tuple[Place, float | None]] = []
        for position, number in enumerate(watch.numbers):
            now = watch.readers[position].numbers(groups[position])
            known = self._was.get(number)
            was = known or {}
            moving = self.moving.setdefault(number, {})
            for key, index in {**moving, **was, **now}:
                place, old = (position, key, index), was.get((key, index))
                if (key, index) in moving:
                    watch.extra.append(place)
                elif known is None:
                    noted.append((place, now[key, index]))
                elif now.get((key, index)) != old:
                    watch.extra.append(place)
                    noted.append((place, old))
                    moving[key, index] = None
        return noted

    def label(self, key: str, index: int, value: Any) -> str:
        """Return the name of a number, by the value that its key has now."""
        if isinstance(value, (tuple, list)):
            self.several.add(key)
        return f"{key}[{index}]" if key in self.several else key
