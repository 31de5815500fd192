"""Writers: who wrote a rate when no scheduler did."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from lrscope.capture.handwritten import writers_of_rate
from lrscope.sites import defined_at, is_ours

if TYPE_CHECKING:
    from lrscope.capture.journal import Journal
    from lrscope.capture.watch import Watch

BETWEEN = frozenset(
    {
        "_begin_carefully",
        "_items",
        "attribute",
        "before",
        "moved_beside",
        "rates_changed",
        "read_carefully",
        "wrapper",
    }
)
"""Functions between a change that was noticed and the program's call of ``step``."""


class Writers:
    """Notes changes of rates that nothing recorded explains.

    Args:
        journal: where to write.
        watches: of all optimizers, by identity.
        opened: steps under way.
    """

    def __init__(
        self, journal: Journal, watches: dict[int, Watch], opened: list[Any]
    ) -> None:
        """Note nothing yet."""
        self._journal = journal
        self._watches = watches
        self._opened = opened

    def attribute(self, watch: Watch, rates: list[float]) -> None:
        """Note a change of rates that no scheduler and no load explains."""
        wrote = watch.explained
        if wrote and wrote is not True:
            last = getattr(wrote(), "_last_lr", rates)
            if all(type(each) is float for each in last):  # a tensor may be far
                wrote = rates == last  # else somebody wrote after it
        if not wrote and watch.last is not None:
            others = list(self._watches.values())
            if not any(
                self._is_explained(other, watch) and other.members.shares(watch.members)
                for other in others
                if other is not watch
            ):
                self._journal.pending.extend(self._items(watch))
        watch.last = rates

    def _is_explained(self, other: Watch, watch: Watch) -> bool:
        """Say whether what changed another optimizer's rates may have changed these.

        It may if it is the step around this one, or if both have the same groups.
        """
        if any(each.explained for each in self._opened if each.owner == other.owner):
            return True
        optimizer = other.reference() if other.explained else None
        groups = [] if optimizer is None else optimizer.param_groups
        own = set(map(id, watch.groups or ()))
        return any(id(each) in own for each in groups)

    def _items(self, watch: Watch) -> list[int]:
        """Return the item for what wrote; none for a driver, which told its plan."""
        if watch.hooks is None:
            return [self._hand(watch)]
        places = sorted(map(defined_at, watch.hooks.values()))
        if all(is_ours(file) for file, _ in places):
            return []
        key = tuple(map(tuple, places))
        if key not in watch.hands:
            where = [each for each in places if each[0] and not is_ours(each[0])]
            item = self._journal.item(
                "rate_written", optimizer=watch.number, where=where
            )
            watch.hands[key] = (item, None)
        return [watch.hands[key][0]]

    def _hand(self, watch: Watch) -> int:
        """Return the item for a rate that the program around this step wrote."""
        frame: Any = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_name in BETWEEN:
            frame = frame.f_back
        back = frame.f_back or frame  # one function may step for many loops
        key = (id(frame.f_code), frame.f_lasti, id(back.f_code), back.f_lasti)
        known = watch.hands.get(key)
        if known is None:
            item = self._journal.item(
                "rate_written",
                optimizer=watch.number,
                where=writers_of_rate(frame, watch.reference()),
            )
            codes = frame.f_code, back.f_code  # kept, so that their ids stay theirs
            known = watch.hands[key] = (item, codes)
        watch.hand = frame.f_code, frame.f_lasti, back.f_code, back.f_lasti, known[0]
        return known[0]
