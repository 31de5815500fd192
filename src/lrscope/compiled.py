"""Compiled: the usual case of every step in C, where it was built.

``native`` is None where no compiler was at hand when lrscope was installed, where
another Python runs the training than the one it was built for, and where
``LRSCOPE_NATIVE=0`` asks for it. Then Python does the same, slower.
"""

from __future__ import annotations

import importlib
import os
from typing import Any, Callable, TypeVar, cast

from lrscope.sites import unseen

_Function = TypeVar("_Function", bound=Callable[..., Any])

native: Any = None

if os.environ.get("LRSCOPE_NATIVE") != "0":
    try:
        native = importlib.import_module("lrscope._native")
    except ImportError:
        pass


def quick(name: str, slow: _Function, *parts: Any) -> _Function:
    """Return what does the usual case of ``slow`` in C, or ``slow`` without C.

    Args:
        name: of the function that makes it, in native/.
        slow: does every case; it is called whenever something is unusual.
        parts: what both work with.
    """
    if native is None:
        return slow
    try:
        return cast("_Function", getattr(native, name)(unseen(slow), *parts))
    except (AttributeError, TypeError):
        return slow  # it was compiled from other sources than these
