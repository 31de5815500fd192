"""Asking: a program calls ``get_lr()``, which is not meant to be read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.journal import MOST_PENDING
from lrscope.capture.modes import untraced
from lrscope.sites import caller

if TYPE_CHECKING:
    from types import FrameType

    from lrscope.capture.journal import Journal

CHECK = "_warn_get_lr_called_within_step"
"""What torch's own ``get_lr`` call first (torch 2.6 and later)."""

WITHIN_STEP = "_get_lr_called_within_step"
"""What a step sets for as long as it may call ``get_lr``."""


def asked(
    journal: Journal,
    number_of: Callable[[Any, FrameType], int],
    is_busy: Callable[[], bool],
    fail: Callable[[Exception], None],
) -> Callable[[Callable[..., Any]], Any]:
    """Return what wraps torch's check; it notes what is asked outside a step.

    Args:
        journal: takes an item for each call.
        number_of: the number of a scheduler.
        is_busy: whether a scheduler is being made or stepped, and may ask another.
        fail: is told what went wrong.
    """
    items: dict[tuple[int, int], tuple[int, Any]] = {}

    def note(scheduler: Any, frame: FrameType) -> None:
        number = number_of(scheduler, frame)
        key = (number, frame.f_lasti)
        known = items.get(key)
        if known is None or known[1] is not frame.f_code:
            where = caller(frame)
            item = journal.item("lr_asked", scheduler=number, where=where)
            known = items[key] = (item, frame.f_code)
        journal.pending.append(known[0])
        if len(journal.pending) > MOST_PENDING:
            journal.flush()

    def wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
        def check(scheduler: Any) -> Any:
            if not getattr(scheduler, WITHIN_STEP, True):
                try:
                    if not is_busy():
                        note(scheduler, sys._getframe(2))
                except Exception as error:  # noqa: BLE001 - the training must go on
                    fail(error)
            return original(scheduler)

        untraced(note)
        return check

    return wrapped
