"""Watch: what is known of one optimizer, changed at every one of its steps."""

from __future__ import annotations

import weakref
from operator import is_not
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture import groups as grouping
from lrscope.capture.settled import Settled
from lrscope.compiled import native
from lrscope.recording import rows

if TYPE_CHECKING:
    from torch.optim import Optimizer

    Beside = tuple[int, dict[str, Any], int, Callable[[Any], Any], Any]

    from lrscope.capture.journal import Journal
    from lrscope.recording.dictionary import Layout

BESIDE = 8
"""Groups whose other numbers are looked at in one step; with more, they take turns."""


class Watch:
    """What is known of one optimizer; changed at every one of its steps.

    Attributes that the hooks read at every step come first.
    """

    __slots__ = (
        "applied", "applied_before", "behind", "beside", "code", "described",
        "effective", "explained", "extra", "groups", "hand", "hands", "held", "hooked",
        "hooks", "idle", "last", "last_flags", "layout", "layouts", "look", "members",
        "name", "number", "numbers", "odd", "owner", "pattern", "probe", "rates",
        "readers", "reference", "row", "scaled", "settled", "signature", "simple",
        "tensors", "thread", "turn", "turns", "updates", "usual", "versions", "waiting",
        "written",
    )  # fmt: skip

    def __init__(self, number: int, optimizer: Optimizer) -> None:
        """Number it in the order in which optimizers were met."""
        self.owner = id(optimizer)
        self.thread = 0  # in which a step was begun last
        self.reference = weakref.ref(optimizer)
        self.groups: list[dict[str, Any]] | None = None
        self.held: list[dict[str, Any]] = []  # the groups that were looked at
        self.simple = True  # every rate is a float, no other number is on the move
        self.last: list[Any] | None = None  # rates at the last step
        # whether a change since then has a known cause; a weak reference
        # to the scheduler if it is torch's own, which keeps what it wrote
        self.explained: Any = False
        # what that scheduler wrote; for the compiled hooks, which cannot do without
        self.written: list[float] | None = None
        self.rates: list[Any] = []  # values of the row to come
        self.beside: list[list[Beside]] = [[]]  # groups to look beside, by turns
        self.turn = 0
        self.turns = 1
        self.look: Any = None  # the same, for the compiled hooks
        self.probe: Callable[[], Any] = _nothing  # a parameter that had a gradient
        self.updates = True  # there were gradients before the step
        self.versions: list[int] = []  # of parameters, if there were none
        self.pattern: list[int] | None = None  # items that `code` stands for
        self.usual = True  # neither scaled nor waiting for values
        self.code = 0.0
        self.row = -1  # of the last step, a number of the file
        self.applied: list[float] | None = None  # rates of the last real update
        self.hooked = False  # hooks of its own may change the rates after ours

        self.number = number
        self.name = type(optimizer).__name__
        self.members = grouping.Members()
        self.described: dict[int, str] = {}
        self.numbers: list[int] = []
        self.extra: list[
            tuple[int, str, int]
        ] = []  # (position, key, index) on the move
        self.readers: list[grouping.SettingsReader] = []
        self.settled = Settled()
        self.applied_before: dict[int, float] = {}  # the same, of earlier groupings
        # of the last measured step, by group: its rate and its index among updates
        self.effective: dict[int, tuple[float, int]] = {}
        self.idle = 0  # calls of step() that updated nothing
        self.scaled = False
        # (item, what wrote) of schedulers that a hook has stepped after this step
        self.behind: list[tuple[int, Any]] = []
        self.hooks: dict[int, Any] | None = None  # those that may just have written
        self.tensors: list[Any] = []  # (column, tensor) of values on a device
        self.waiting: list[Any] = []  # (columns, arrival) of the same
        self.odd: set[int] = set()  # columns whose value was no number once
        self.last_flags = rows.UPDATED
        self.layout: Layout | None = None
        self.layouts: dict[Any, Layout] = {}
        self.signature = 0
        self.hands: dict[Any, tuple[int, Any]] = {}
        # (code, instruction, of the caller the same, item): where the step was called
        # from when the program had written the rates last
        self.hand: tuple[Any, int, Any, int, int] | None = None

    def has_other(self, groups: Any) -> bool:
        """Say whether these are not the groups that were looked at, in their order."""
        return len(groups) != len(self.held) or any(map(is_not, groups, self.held))

    def numbers_of(self, groups: list[dict[str, Any]]) -> list[int]:
        """Return the numbers of groups that may have changed since the last look."""
        return self.members.numbers(groups) if self.has_other(groups) else self.numbers

    def ask_all(self) -> None:
        """Ask all parameters for a gradient next: that which had one may be gone."""
        self.probe = _nothing

    def look_at(self, groups: list[dict[str, Any]]) -> None:
        """Remember which groups there are and what stands beside their rates."""
        self.readers = [grouping.SettingsReader(group) for group in groups]
        self.held = list(groups)
        found = [
            (position, group, len(group), reader.read, reader.copy(group))
            for position, (group, reader) in enumerate(zip(groups, self.readers))
        ]
        parts = range(0, len(found), BESIDE)
        self.beside = [found[at : at + BESIDE] for at in parts] or [[]]
        self.turn, self.turns = 0, len(self.beside)

    def moved_as_before(self) -> bool:
        """Take note of the numbers beside the rates, if all that moved have columns.

        A schedule that cycles momentum moves it at every step.
        """
        known = set(self.extra)
        beside = []
        for part in self.beside:
            looked = []
            for position, group, size, read, was in part:
                reader = self.readers[position]
                now = reader.copy_if_alike(group, size)
                if now is None or any(
                    (position, *place) not in known
                    for place in reader.differing(was, now)
                ):
                    return False
                looked.append((position, group, size, read, now))
            beside.append(looked)
        self.beside = beside
        return True

    def look_closely(self) -> None:
        """Prepare what the compiled hooks compare the groups with, if they can."""
        self.look = None
        groups = self.groups or []
        if native is not None and all(
            type(group) is dict and type(group.get("lr")) is float for group in groups
        ):
            held = [
                (group, reader.keys, reader.values(was))
                for group, reader, was in zip(groups, self.readers, self.settings())
            ]
            self.look = native.Look(held, self.extra, BESIDE)

    def settings(self) -> list[Any]:
        """Return what stood beside the rates of each group."""
        return [each[4] for part in self.beside for each in part]

    def follow(self, journal: Journal) -> None:
        """Have the code of the next row stand for the pending items."""
        self.pattern = journal.pending[:]
        del journal.pending[: len(self.pattern)]
        self.signature = journal.open().signature(self.pattern)
        self.code = self.code_with(rows.UPDATED)

    def code_with(self, flags: int) -> float:
        """Return the code of the next row if it has these flags."""
        assert self.layout is not None  # noqa: S101 - chosen when the step began
        return rows.code_of(self.layout.number, self.signature, flags)

    def let_go(self) -> None:
        """Keep nothing of an optimizer that is gone alive."""
        self.groups = self.look = None
        self.held = []
        self.beside = [[]]

    def forget_files(self) -> None:
        """Be ready for a new recording, in a forked child."""
        self.groups = None
        self.layouts.clear()
        self.behind.clear()
        self.pattern = None
        self.row = -1


def _nothing() -> None:
    return None
