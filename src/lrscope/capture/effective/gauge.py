"""Gauge: measures the steps of one optimizer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from lrscope.capture.arrival import Arrival
from lrscope.capture.effective.decay import decay_of
from lrscope.capture.effective.drawing import SEED, Drawing
from lrscope.capture.effective.elements import NotMeasurable
from lrscope.capture.effective.internals import Internals
from lrscope.capture.effective.pace import Pace
from lrscope.capture.effective.sums import NAMES, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from lrscope.capture.effective.pace import Account
    from lrscope.capture.effective.part import Part
    from lrscope.capture.effective.sums import Bench
    from lrscope.capture.effective.wanted import Wanted
    from lrscope.capture.journal import Journal
    from lrscope.capture.watch import Watch
    from lrscope.recording.dictionary import Layout

KINDS = (
    ("measured", (0, 1, 2, 3, 4, 5, 9)),
    ("measured_counts", (6, 7, 8)),
    ("measured_errors", (10, 11, 12, 13, 14, 15, 16)),
)
"""Rows of a part, each narrow enough to be stored fast, and the sums they hold."""

_NEVER = 1 << 62
_NAN = float("nan")


class Opened(NamedTuple):
    """A step that is being measured."""

    snapshots: list[Snapshot]
    decays: list[Any]


class Ended(NamedTuple):
    """A step that was measured: its row, and which update it was."""

    row: int
    update: int


class Gauge:
    """Measures one optimizer; it changes at each of its steps.

    Args:
        watch: of the optimizer.
        wanted: how often to measure.
        account: what measuring takes in this process.
        journal: where to write.

    Attributes:
        watch: the same.
        due: whether the next step is to be measured.
        left: steps until one is due.
        row: of the last step that was seen to end.
        opened: the step that is being measured, if one is.
        internals: what else is known of how it changes its rate.
    """

    __slots__ = (
        "_account", "_around", "_cost", "_drawing", "_journal", "_latest", "_layouts",
        "_pace", "_parts", "_refused", "_step", "_wanted", "_wrapper", "due",
        "internals", "left", "opened", "row", "watch",
    )  # fmt: skip

    def __init__(
        self, watch: Watch, wanted: Wanted, account: Account, journal: Journal
    ) -> None:
        """Measure the first step."""
        self.watch = watch
        self.due = True
        self.left = 0
        self.row = watch.row
        self.opened: Opened | None = None
        self._around = watch.owner  # identity of the optimizer whose step that is
        self._wrapper: str | None = None  # its class, if it stands around this one
        self.internals = Internals(watch, journal)
        self._wanted = wanted
        self._journal = journal
        self._pace = Pace(wanted, account)
        self._step = 0
        self._cost = 0.0  # seconds that measuring the current step has taken
        self._drawing: Drawing | None = None
        self._parts = 0  # drawn so far
        self._refused: dict[int, str] = {}
        self._layouts: dict[Any, Layout] = {}
        self._latest: dict[int, tuple[int, float, float]] = {}

    def open(self, optimizer: Any, *, around: Any, has_closure: bool) -> None:
        """Copy what a step, its own or that of a wrapper around it, will change."""
        started = time.perf_counter()
        self.opened, self._around = None, id(around)
        self._wrapper = None if around is optimizer else type(around).__name__
        groups = optimizer.param_groups
        scale = getattr(optimizer, "grad_scale", None)
        while True:
            parts = self._drawn(groups)
            try:
                snapshots = [
                    Snapshot(each, scale, gradients=not has_closure) for each in parts
                ]
            except NotMeasurable as refusal:
                self._refused[id(refusal.parameter)] = refusal.why
                self._drawing = None
            else:
                break
        at = dict(zip(self.watch.numbers_of(groups), groups))
        decays = [decay_of(optimizer, at[each.group], each.precision) for each in parts]
        if not has_closure:  # it would make the gradients only now
            self.internals.look(optimizer)
        self.opened = Opened(snapshots, decays)
        self._cost = time.perf_counter() - started

    def _drawn(self, groups: list[dict[str, Any]]) -> list[Part]:
        """Return what to measure, drawn anew if the parameters are others."""
        drawing = self._drawing
        if drawing is None or not drawing.fits(groups):
            drawing = self._drawing = Drawing(
                groups,
                self.watch.numbers_of(groups),
                first=self._parts,
                by_parameter=self._wanted.by_parameter,
                refused=self._refused,
            )
            self._parts += len(drawing.parts)
            self._journal.event(
                "measuring_began",
                optimizer=self.watch.number,
                seed=SEED,
                every=self._wanted.every,
                budget=None if self._wanted.every else self._wanted.budget,
                parts=[each.described() for each in drawing.parts],
                left_out=drawing.left_out,
                wrapper=self._wrapper,
            )
        return drawing.parts

    def is_opened_around(self, optimizer: Any) -> bool:
        """Say whether the step of another, a wrapper, is being measured."""
        return self.opened is not None and self._around != id(optimizer)

    def is_within(self, optimizer: Any) -> bool:
        """Say it of a step that begins; a wrapper's may have failed long ago."""
        return self.is_opened_around(optimizer) and self.row == self.watch.row

    def sums(
        self, opened: Opened, bench_on: Callable[[Any], Bench]
    ) -> list[tuple[Part, Any]]:
        """Return what a step moved: of each part a list, or an arrival of one."""
        started = time.perf_counter()
        found = []
        for snapshot, decay in zip(*opened):
            part = snapshot.part
            sums = snapshot.sums(bench_on(part.device), decay)
            found.append((part, sums.tolist() if is_at_hand(sums) else Arrival(sums)))
        self._cost += time.perf_counter() - started
        return found

    def go_on(self, took: float) -> None:
        """Choose the next step to measure.

        Args:
            took: seconds that writing took.
        """
        to_next = self._pace.steps_to_next(self._step, self._cost + took)
        self._step += to_next - self.left  # of some calls nothing could be measured
        self.left = to_next - 1
        self.due = not self.left

    def leave_out(self, optimizer: Any) -> None:
        """Measure nothing at a step that wrote no row."""
        self.opened = None
        if self.watch.owner == id(optimizer):
            self.rest()  # it only stands around another optimizer's step

    def rest(self) -> None:
        """Measure no more."""
        self.due, self.left, self.opened = False, _NEVER, None

    def forget_files(self) -> None:
        """Be ready for a new recording, in a forked child."""
        self._layouts.clear()
        self.internals.forget_files()
        self._drawing, self._parts = None, 0
        self.opened, self.row = None, -1

    def ended(self, row: int) -> Ended:
        """Return the step that has just been measured."""
        return Ended(row, self._step - self.left - self.watch.idle)

    def write(self, step: Ended, part: Part, sums: list[float]) -> None:
        """Write what a step moved.

        Args:
            step: which.
            part: whose sums they are.
            sums: in the order of `NAMES`.
        """
        for kind, chosen in KINDS:
            if kind == "measured_errors" and part.measured == part.elements:
                continue
            key = (kind, part.number)
            layout = self._layouts.get(key)
            if layout is None:
                layout = self._layouts[key] = self._announced(kind, chosen, part)
            values = [float(step.row), *(sums[each] for each in chosen)]
            self._journal.sink.put(layout, self._journal.silence(), 0, values)
        self._remember(step, part, sums)

    def _remember(self, step: Ended, part: Part, sums: list[float]) -> None:
        """Have the watch know the effective rate, over all parts of the group."""
        named = dict(zip(NAMES, sums))
        latest, driven, square = self._latest.get(part.group, (step.row, 0.0, 0.0))
        if latest != step.row:
            driven = square = 0.0
        driven += named["moved·gradient"] + named["decay"] * named["gradient·weight"]
        square += named["gradient·gradient"]
        self._latest[part.group] = step.row, driven, square
        rate = 0.0 - driven / square if square else _NAN
        self.watch.effective[part.group] = rate, step.update

    def _announced(self, kind: str, chosen: tuple[int, ...], part: Part) -> Layout:
        columns = ["row", *(NAMES[each] for each in chosen)]
        description = {
            "holds": kind,
            "optimizer": self.watch.number,
            "group": part.group,
            "parameter": part.parameter,
            "part": part.number,
            "copies": part.copies,
            "columns": columns,
        }
        return self._journal.open().layout(description, len(columns))


def is_at_hand(tensor: Any) -> bool:
    """Say whether a tensor can be read without waiting for a device."""
    return bool(tensor.device.type == "cpu")
