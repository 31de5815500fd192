"""Patches: functions of torch replaced while a recorder is at work.

Every invasive thing lrscope does is put in place through this module and taken
back by it. Classes and modules are patched, never a user's object (fact 10).
"""

from __future__ import annotations

import functools
from typing import Any, Callable

from lrscope.sites import unseen


class Patches:
    """Replaced attributes, and how to put them back."""

    def __init__(self) -> None:
        """Replace nothing yet."""
        self._undo: list[tuple[Any, str, Any]] = []
        self._done: set[tuple[int, str]] = set()

    def wrap(
        self, owner: Any, name: str, make: Callable[[Callable[..., Any]], Any]
    ) -> None:
        """Replace ``owner.name`` by what ``make`` makes of it; once per owner.

        Only what stands in the owner's own ``__dict__`` is replaced.
        """
        original = vars(owner).get(name)
        if original is None or (id(owner), name) in self._done:
            return
        wrapper = functools.wraps(original)(unseen(make(original)))
        self._done.add((id(owner), name))
        self._undo.append((owner, name, original))
        setattr(owner, name, wrapper)

    def replace(self, owner: Any, name: str, value: Any) -> None:
        """Set ``owner.name``, which ``owner`` itself may not have yet."""
        self._undo.append((owner, name, vars(owner).get(name, _ABSENT)))
        setattr(owner, name, value)

    def take_back(self) -> None:
        """Put everything back as it was."""
        while self._undo:
            owner, name, original = self._undo.pop()
            if original is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._done.clear()


_ABSENT = object()
