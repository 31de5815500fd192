"""Hooks: torch's global step hooks that a recorder put in place, and takes back."""

from __future__ import annotations

from itertools import count
from typing import Any

from lrscope.capture.nesting import any_stepping
from lrscope.sites import unseen

_LEFT: list[Any] = []
"""Handles of hooks that do nothing any more and could not be removed yet."""

_KEYS = count(-1, -1)


class GlobalHooks:
    """What torch returned for each hook that was registered with it."""

    def __init__(self) -> None:
        """Have none."""
        self._handles: list[Any] = []

    @property
    def in_place(self) -> bool:
        """Say whether there are any."""
        return bool(self._handles)

    def add(self, *handles: Any) -> None:
        """Take what torch returned."""
        for each in reversed(handles):
            _uncount(each)
        self._handles += handles
        _clear_away()

    def take_back(self) -> None:
        """Have no hook do anything any more, and remove them.

        While a step is under way, in any thread, torch goes through its hooks and
        raises if one is removed. Then they stay for now, and do nothing.
        """
        for handle in self._handles:
            hooks = handle.hooks_dict_ref()
            if hooks is not None and handle.id in hooks:
                hooks[handle.id] = _nothing
        _LEFT.extend(self._handles)
        self._handles.clear()
        _clear_away()


def _clear_away() -> None:
    if _LEFT and not any_stepping():
        while _LEFT:
            _LEFT.pop().remove()


def _uncount(handle: Any) -> None:
    """Take a hook out of torch's count of all hooks.

    The numbers of a module's own hooks are in its pickle: they are to be what they
    would be without ours.
    """
    kind, hooks = type(handle), handle.hooks_dict_ref()
    if hooks is None or getattr(kind, "next_id", None) != handle.id + 1:
        return
    kind.next_id = handle.id
    hook = hooks.pop(handle.id)
    handle.id = next(_KEYS)
    hooks[handle.id] = hook


@unseen
def _nothing(optimizer: Any, args: Any, kwargs: Any) -> None:
    """Stand in for a hook that was taken back."""
