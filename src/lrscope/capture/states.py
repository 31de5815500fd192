"""States: an optimizer or a scheduler was asked for its state, to save it."""

from __future__ import annotations

import sys
from threading import get_ident
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.journal import MOST_PENDING
from lrscope.capture.modes import untraced
from lrscope.capture.numbers import numbers_in
from lrscope.sites import caller, calling

if TYPE_CHECKING:
    from types import FrameType

    from lrscope.capture.journal import Journal


def saved(
    journal: Journal,
    kind: str,
    number_of: Callable[[Any, FrameType], int | None],
    fail: Callable[[Exception], None],
) -> Callable[[Callable[..., Any]], Any]:
    """Return what wraps ``state_dict``; calls inside another are part of it.

    Args:
        journal: takes an item for each call.
        kind: "optimizer" or "scheduler".
        number_of: the number of one, None if it has none.
        fail: is told what went wrong.
    """
    inside: set[int] = set()
    items: dict[tuple[int, int], tuple[int, Any]] = {}

    def note(owner: Any, frame: FrameType) -> None:
        number = number_of(owner, frame)
        if number is None:
            return
        key = (number, frame.f_lasti)
        known = items.get(key)
        if known is None or known[1] is not frame.f_code:
            details = {kind: number, "where": caller(frame)}
            item = journal.item(f"{kind}_state_saved", **details)
            known = items[key] = (item, frame.f_code)
        journal.pending.append(known[0])
        if len(journal.pending) > MOST_PENDING:
            journal.flush()

    def wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
        def state_dict(owner: Any, *args: Any, **kwargs: Any) -> Any:
            thread = get_ident()
            if thread in inside:
                return original(owner, *args, **kwargs)
            inside.add(thread)
            try:
                result = original(owner, *args, **kwargs)
            finally:
                inside.discard(thread)
            try:
                note(owner, sys._getframe(1))
            except Exception as error:  # noqa: BLE001 - the training must go on
                fail(error)
            return result

        untraced(note)
        return state_dict

    return wrapped


def is_own_state(frame: FrameType) -> bool:
    """Say whether an optimizer is given its own state: accelerate moves it to a device.

    It does so when it takes an optimizer over; nothing was saved or is resumed.
    """
    found = calling(frame)
    code = None if found is None else found.f_code
    return (
        code is not None
        and code.co_name == "__init__"
        and code.co_filename.replace("\\", "/").endswith("accelerate/optimizer.py")
    )


def steps_in(state: Any) -> float | None:
    """Return the updates that an optimizer's state counts; None if it counts none.

    Counters on a device are left alone: reading one would wait for it.
    """
    most = None
    for own in list(state.values())[:1000]:
        found = numbers_in(own.get("step")) if isinstance(own, dict) else None
        if found and (most is None or found[0] > most):
            most = found[0]
    return most
