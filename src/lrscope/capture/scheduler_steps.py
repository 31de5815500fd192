"""Scheduler steps: every call of a scheduler's ``step``, and from which line."""

from __future__ import annotations

import inspect
import os
import sys
from threading import get_ident
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.journal import MOST_PENDING
from lrscope.capture.modes import untraced
from lrscope.capture.numbers import is_on_host, is_tensor, numbers_in
from lrscope.capture.roster import SchedulerWatch
from lrscope.capture.watch import Watch
from lrscope.compiled import quick
from lrscope.sites import is_users, user_frames

if TYPE_CHECKING:
    from types import FrameType

    from lrscope.capture.journal import Journal
    from lrscope.capture.roster import Roster


DEEPEST = 8
"""Frames between a hook of torch's and the scheduler that it steps."""

_WRAPPER = os.path.join("optim", "optimizer.py")


class SchedulerSteps:
    """Knows which schedulers are under way and notes each step.

    Attributes:
        making: (thread, identity) of each that is being made; equal ones are alike.
        busy: the same for each that is stepping or loading a state.
    """

    def __init__(
        self, journal: Journal, roster: Roster, fail: Callable[[Exception], None]
    ) -> None:
        """See no step yet; see `wrapped`."""
        self.making: list[tuple[int, int]] = []
        self.busy: list[tuple[int, int]] = []
        self._journal = journal
        self._roster = roster
        self._fail = fail

    def any_under_way(self) -> bool:
        """Say whether a scheduler is being made or stepped, and may ask another."""
        return bool(self.busy or self.making)

    def wrapped(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Return what replaces a method that steps."""
        busy = self.busy
        making = self.making
        note = self._note
        frame_at = sys._getframe
        watches = self._roster.watches
        pending = self._journal.pending

        def step(scheduler: Any, *args: Any, **kwargs: Any) -> Any:
            frame = frame_at(1)
            watch = watches.get(id(scheduler))
            if (
                watch is None
                or frame.f_lasti != watch.lasti
                or frame.f_code is not watch.caller
                or args
                or kwargs
                or making
                or len(busy) != watch.depth
                or any(each != get_ident() or at == id(scheduler) for each, at in busy)
                or len(pending) > MOST_PENDING
            ):
                note(scheduler, original, args, kwargs, frame)
            else:  # stepped again by the line that stepped it last
                pending.append(watch.item)
                if watch.owner is not None:
                    watch.owner.explained = watch.wrote
                if watch.steps_alone:
                    return original(scheduler)
            entry = (get_ident(), id(scheduler))
            busy.append(entry)
            try:
                return original(scheduler, *args, **kwargs)
            finally:
                busy.remove(entry)

        known = watches, pending, busy, making, MOST_PENDING, SchedulerWatch, Watch
        untraced(note)
        return quick("stepped", step, original, *known)

    def _note(
        self,
        scheduler: Any,
        step: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        frame: FrameType,
    ) -> None:
        try:
            busy = self.busy_here()
            thread = get_ident()
            if any(each == thread for each, _ in self.making):
                return  # its first step is part of making it
            if busy and busy[-1] == id(scheduler):  # super().step()
                return
            if not _writes(scheduler, step):
                return
            watch = self._roster.watch_of(scheduler, frame)
            key = (id(frame.f_code), frame.f_lasti, len(busy))
            known = watch.items.get(key)
            if known is None:
                known = self._new_item(watch, step, bool(args or kwargs), frame)
                watch.items[key] = known
            if watch.owner is not None and _in_hook_after(watch.owner, frame):
                watch.owner.behind.append((known[0], watch.wrote))
                watch.owner.usual = False
                return
            self._journal.pending.append(known[0])
            if len(self._journal.pending) > MOST_PENDING:
                self._journal.flush()
            if not (args or kwargs):
                watch.item, watch.caller, watch.lasti = *known, frame.f_lasti
                watch.depth = len(busy)
            if watch.owner is not None:
                watch.owner.explained, watch.owner.written = watch.wrote, None
            if args or kwargs:
                self._note_argument(watch, [*args, *kwargs.values()][0])
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def busy_here(self) -> list[int]:
        """Return which schedulers are stepping or loading in this thread."""
        thread = get_ident()
        return [scheduler for each, scheduler in self.busy if each == thread]

    def _note_argument(self, watch: SchedulerWatch, value: Any) -> None:
        if is_tensor(value) and not is_on_host(value):
            return  # reading it would make the process wait for the device
        numbers = numbers_in(value)
        if numbers:
            self._journal.argument(watch.number, numbers[0])

    def _new_item(
        self,
        watch: SchedulerWatch,
        step: Callable[..., Any],
        has_argument: bool,  # noqa: FBT001
        frame: FrameType,
    ) -> tuple[int, Any]:
        details: dict[str, Any] = {
            "scheduler": watch.number,
            "depth": len(self.busy_here()),
            "where": [frame.f_code.co_filename, frame.f_lineno],
        }
        if not is_users(frame.f_code.co_filename):
            users = user_frames(frame, 1)
            details["from"] = (
                [users[0].f_code.co_filename, users[0].f_lineno] if users else []
            )
        if has_argument:
            names = list(inspect.signature(step).parameters)
            details["argument"] = names[1] if len(names) > 1 else ""
        return self._journal.item("scheduler_stepped", **details), frame.f_code


def _in_hook_after(owner: Watch, frame: FrameType) -> bool:
    """Say whether a hook that torch calls after a step is what steps a scheduler.

    Torch calls an optimizer's own before the one that writes the row of the step, to
    which what such a hook does no longer belongs.
    """
    at: FrameType | None = frame
    for _ in range(DEEPEST):
        if at is None:
            return False
        code = at.f_code
        if code.co_name == "wrapper" and code.co_filename.endswith(_WRAPPER):
            optimizer = at.f_locals.get("self")
            if optimizer is None or id(optimizer) != owner.owner:
                return False
            own = getattr(optimizer, "_optimizer_step_post_hooks", {})
            return at.f_locals.get("post_hook") in own.values()
        at = at.f_back
    return False


def _writes(scheduler: Any, step: Callable[..., Any]) -> bool:
    """Say whether a call may write rates: timm's do so by epochs or by updates."""
    if not hasattr(scheduler, "step_update"):
        return True
    by_epochs = getattr(scheduler, "t_in_epochs", True)
    return (step.__name__ == "step") == bool(by_epochs)
