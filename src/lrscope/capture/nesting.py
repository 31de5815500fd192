"""Nesting: optimizer steps inside optimizer steps, and steps that never ended.

Steps that have begun are kept in a list, the latest last. A step that raises fires no
post-hook (fact 3), a step around another fires both hooks for the same update (fact 2),
and several threads may be stepping at once.
"""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from threading import get_ident
from typing import TYPE_CHECKING, Any

from lrscope.capture.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable

_WRAPPER = os.path.join("optim", "optimizer.py")


class Covered:
    """Stands for a step around another that updated the same parameters.

    What explained the outer one's rates may explain those of further ones inside.
    """

    __slots__ = ("explained", "owner", "thread")

    def __init__(self, outer: Watch) -> None:
        """Stand for the step that an optimizer has begun."""
        self.owner = outer.owner
        self.thread = outer.thread
        self.explained = outer.explained


def drop_unfinished(opened: list[Any], optimizer: Any) -> list[Watch]:
    """Take out of ``opened`` steps that raised, and return them.

    Args:
        opened: steps that have begun.
        optimizer: the one whose step is about to begin.
    """
    thread = get_ident()
    begun = opened[:]  # before asking for threads: more may be started meanwhile
    alive = _stepping([sys._getframe()])
    others = any(watch.thread != thread for watch in begun)
    tops = _frames_of_threads() if others else {}
    alive[id(optimizer)] -= 1
    dropped = []
    for watch in begun:
        if watch.thread != thread:
            if watch.thread in tops:
                continue
        elif alive[watch.owner] > 0:
            alive[watch.owner] -= 1
            continue
        try:
            opened.remove(watch)
        except ValueError:  # its step and its thread have ended meanwhile
            continue
        if isinstance(watch, Watch):
            dropped.append(watch)
    return dropped


def find_opened(opened: list[Any], optimizer: Any) -> Watch | None:
    """Take out the watch of a step that was not the last to begin, and return it.

    None if an inner step was written in its place; otherwise several threads are
    stepping.
    """
    for watch in opened[::-1]:
        if watch.owner == id(optimizer):
            opened.remove(watch)
            return watch if isinstance(watch, Watch) else None
    return None


def cover(opened: list[Any], watch: Watch) -> None:
    """Mark the steps around this one that update the same parameters."""
    for outer in opened[:]:
        if not isinstance(outer, Watch) or outer.thread != watch.thread:
            continue
        if outer.members.shares(watch.members):
            opened.remove(outer)
            opened.append(Covered(outer))
            outer.explained = False


def any_stepping() -> bool:
    """Say whether an optimizer is in a step in any thread."""
    return bool(_stepping(_frames_of_threads().values()))


def _frames_of_threads() -> dict[int, Any]:
    """Return the frame that each thread is in.

    ``sys._current_frames`` holds a lock while it makes objects. If that starts a
    garbage collection, CPython 3.11 may wait for itself forever
    (python/cpython#106883); later ones do inside what is done here.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        return sys._current_frames()
    finally:
        if was_on:
            gc.enable()


def _stepping(tops: Iterable[Any]) -> Counter[int]:
    """Count, by identity, the optimizers that are in a step below some frames."""
    found: Counter[int] = Counter()
    for top in tops:
        frame: Any = top
        while frame is not None:
            code = frame.f_code
            if "wrapper" in code.co_name and code.co_filename.endswith(_WRAPPER):
                found[id(frame.f_locals.get("self"))] += 1
            frame = frame.f_back
    return found
