"""Epochs: the passes over data in which an optimizer was stepped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lrscope.recording.passes import Pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Epochs:
    """The passes of the loader that trains.

    Attributes:
        loader: its number.
        length: batches in a whole pass, None if only running it can tell.
        starts: for each pass, the first call of the optimizer in it.
        calls: for each pass, how many calls it has, those before the next pass too.
        whole: for each pass, whether it was run to its end; some programs take all
            batches of a loader and do not ask for more.
    """

    loader: int
    length: int | None
    starts: NDArray[np.int64]
    calls: NDArray[np.int64]
    whole: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """How many passes there were, the last one perhaps cut."""
        return int(self.calls.size)

    @property
    def calls_per_pass(self) -> int | None:
        """Calls in a usual whole pass; None if no pass was whole."""
        return int(np.median(self.calls[self.whole])) if self.whole.any() else None

    @property
    def batches_per_call(self) -> float | None:
        """Batches for each call in a usual whole pass; None if unknown."""
        usual = self.calls_per_pass
        return self.length / usual if self.length and usual else None

    @property
    def ended_whole(self) -> bool:
        """Whether the last pass was run to its end."""
        return bool(self.whole[-1])


def epochs_of(passes: Sequence[Pass], calls: NDArray[np.int64]) -> Epochs | None:
    """Return the passes in which an optimizer was called; None if there are none.

    Of several loaders that are run beside each other, the one with the most calls in
    its passes counts: passes of two loaders are not two epochs. Those that a program
    makes anew for each pass are one. Calls between its end
    and the beginning of any pass are of the pass before: loaders that read ahead end
    before their last batches are trained on, and what is left of an accumulation
    follows the last batch.

    Args:
        passes: of the process.
        calls: rows of the optimizer's steps, rising.
    """
    if not passes or not calls.size:
        return None
    loaders = _as_made_once(passes)
    firsts = np.array([each.first for each in passes])
    open_end = int(calls[-1]) + 1
    lasts = np.array([open_end if p.last is None else p.last for p in passes])
    for loader in np.unique(loaders):  # a pass that was left ends where the next begins
        own = np.flatnonzero((loaders == loader) & (lasts > firsts))
        lasts[own[:-1]] = np.minimum(lasts[own[:-1]], firsts[own[1:]])
    starts, stops = np.searchsorted(calls, firsts), np.searchsorted(calls, lasts)
    took_any = np.array([each.steps > 0 for each in passes])  # else they are another's
    taken = (stops - starts) * took_any
    sums = {int(k): int(taken[loaders == k].sum()) for k in np.unique(loaders)}
    main = max(sums, key=lambda each: sums[each])
    if not sums[main]:
        return None
    own = np.flatnonzero((loaders == main) & (lasts > firsts))
    taken[own] += _trailing(own, firsts, lasts, calls)
    chosen = own[taken[own] > 0]
    return Epochs(
        loader=passes[int(chosen[0])].loader,
        length=passes[int(chosen[-1])].length,
        starts=starts[chosen],
        calls=taken[chosen],
        whole=np.array(
            [
                passes[k].last is not None or taken[k] == passes[k].length
                for k in chosen.tolist()
            ]
        ),
    )


def _as_made_once(passes: Sequence[Pass]) -> NDArray[np.int64]:
    """Return the loader of each pass; of those of a length in turn, the first.

    A program may make its loader anew for each pass. Loaders that are run beside each
    other, one again after the other was, stay apart.
    """
    last_pass = {each.loader: index for index, each in enumerate(passes)}
    current: dict[int | None, int] = {}  # by length, the loader that was run last
    named: dict[int, int] = {}
    for index, each in enumerate(passes):
        if each.loader not in named:
            before = current.get(each.length)
            if before is None or last_pass[before] > index:
                named[each.loader] = each.loader
            else:
                named[each.loader] = named[before]
            current[each.length] = each.loader
    return np.array([named[each.loader] for each in passes])


def _trailing(
    own: NDArray[np.int64],
    firsts: NDArray[np.int64],
    lasts: NDArray[np.int64],
    calls: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the calls after some passes end and before any other begins.

    After the last of all passes anything may come: it has no more than the most before.
    """
    following = np.maximum(own + 1, np.searchsorted(firsts, lasts[own]))
    begins = np.append(firsts, int(calls[-1]) + 1)[following]
    stops = np.searchsorted(calls, lasts[own])
    found: NDArray[np.int64] = np.maximum(np.searchsorted(calls, begins) - stops, 0)
    if following[-1] == firsts.size:
        found[-1] = min(found[-1], np.max(found[:-1], initial=0))
    return found
