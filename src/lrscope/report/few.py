"""Few: what is shown of many, the first and the last of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = TypeVar("Kind")

MOST = 24
"""Lines of one kind that are shown; of more only the first and the last are."""

FIRST, LAST = 12, 4

MOST_NAMED = 3
"""Names in one sentence, if there are many."""


@dataclass(frozen=True)
class Few(Generic[Kind]):
    """What is shown of many.

    Attributes:
        first: shown before what is left out; all if nothing is.
        last: shown after it.
        left_out: how many are not shown.
    """

    first: list[Kind]
    last: list[Kind]
    left_out: int

    @property
    def shown(self) -> list[Kind]:
        """All that are shown."""
        return [*self.first, *self.last]

    def more(self, what: str) -> str:
        """Return how many more there are, such as "and 1,984 more groups"."""
        return f"and {self.left_out:,} more {what}"

    def with_more(self, lines: list[Text], what: str) -> list[Text]:
        """Return the lines of those shown with one about those that are not.

        Args:
            lines: one for each that is shown.
            what: all of them are.
        """
        told = [Text(self.more(what), style="dim")] if self.left_out else []
        place = len(self.first)
        return [*lines[:place], *told, *lines[place:]]


def few_of(many: Iterable[Kind], *, whole: bool = False) -> Few[Kind]:
    """Return what to show of many.

    Args:
        many: of which to choose.
        whole: whether all are asked for.
    """
    found = list(many)
    if whole or len(found) <= MOST:
        return Few(found, [], 0)
    return Few(found[:FIRST], found[-LAST:], len(found) - FIRST - LAST)


def names_of(names: list[str]) -> str:
    """Return names in a row; of many the first, and how many more there are."""
    if len(names) <= MOST_NAMED + 1:
        return ", ".join(names)
    return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED:,} more"
