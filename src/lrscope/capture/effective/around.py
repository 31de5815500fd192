"""Around: steps that stand around an optimizer's, and that torch calls no hooks for.

So it is with a class that is no optimizer, or that does not call ``__init__`` of its
base: `ScheduleFreeWrapper`, some forms of Lookahead.
"""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any, Callable

from lrscope.sites import calling
from lrscope.wrapped import innermost

if TYPE_CHECKING:
    from lrscope.capture.patches import Patches

    Hook = Callable[[Any, Any, Any], None]

PASSING_ON = ("accelerate.",)
"""Packages whose wrappers only pass a step on."""


class Around:
    """Calls hooks around such steps, once one of their class was seen.

    Args:
        patches: hold what is replaced.
        before: a hook as torch would call it.
        after: the same.
    """

    def __init__(self, patches: Patches, before: Hook, after: Hook) -> None:
        """Know no such class."""
        self._patches = patches
        self._before = before
        self._after = after

    def is_found(self, optimizer: Any) -> bool:
        """Say whether a step that begins is inside of one that is new.

        It has begun without a hook; the next one of its class has some.
        """
        outer = _stepping_around(optimizer)
        if outer is None:
            return False
        for each in type(outer).__mro__:
            if "step" in vars(each):
                self._patches.wrap(each, "step", self._hooked)
                return True
        return False

    def _hooked(self, original: Callable[..., Any]) -> Callable[..., Any]:
        before, after = self._before, self._after

        def step(outer: Any, *args: Any, **kwargs: Any) -> Any:
            before(outer, (outer, *args), kwargs)
            result = original(outer, *args, **kwargs)
            after(outer, (outer, *args), kwargs)
            return result

        return step


def _stepping_around(optimizer: Any) -> Any:
    """Return the object whose ``step`` has called that of an optimizer, or None."""
    frame = calling(sys._getframe(1))
    if frame is None or frame.f_code.co_name != "step" or not frame.f_code.co_argcount:
        return None
    outer = frame.f_locals.get(frame.f_code.co_varnames[0])
    kind = type(outer)
    if (
        outer is optimizer
        or getattr(getattr(kind, "step", None), "hooked", False)  # torch's own mark
        or kind.__module__.startswith(PASSING_ON)
        or innermost(outer) is not optimizer
    ):
        return None
    try:
        weakref.ref(outer)
    except TypeError:
        return None
    return outer
