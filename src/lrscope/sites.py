"""Sites: which line of whose file a call came from."""

from __future__ import annotations

import os
import sys
from functools import cache, lru_cache
from types import CodeType, FrameType, FunctionType
from typing import Any, Callable, TypeVar

UNSEEN = "<frozen importlib._bootstrap_external> of lrscope"
"""A file name that `warnings` and torch.compile pass over.

`warnings` skips frames whose file name holds both "importlib" and "_bootstrap"
when it looks for the place to point at; Dynamo leaves code whose file name
starts with "<frozen importlib" out of its graphs. (torch 2.13, Python 3.11)
"""

_INSTALLED = ("site-packages", "dist-packages", os.path.dirname(os.__file__))
_Function = TypeVar("_Function", bound=Callable[..., Any])


def unseen(function: _Function) -> _Function:
    """Give ``function`` a file name that warnings and compilers pass over."""
    if isinstance(function, FunctionType):
        function.__code__ = _renamed(function.__code__)
    return function


@cache
def _renamed(code: CodeType) -> CodeType:
    constants = tuple(
        _renamed(each) if isinstance(each, CodeType) else each
        for each in code.co_consts
    )
    return code.replace(co_filename=UNSEEN, co_consts=constants)


def caller(frame: FrameType | None, made: Any = None) -> list[Any]:
    """Return [file, line] of the first frame outside torch and lrscope, or [].

    Args:
        frame: where to begin.
        made: an object that is being made; frames of its constructors are passed over.
    """
    found = calling(frame, made)
    return [] if found is None else [found.f_code.co_filename, found.f_lineno]


def program_line(frame: FrameType | None, made: Any = None) -> list[Any]:
    """Return [file, line] in the user's program that led to a frame; else `caller`.

    Args:
        frame: where to begin; frames of libraries may stand between.
        made: see `caller`.
    """
    for each in user_frames(frame):
        if not _constructs(each, made):
            return [each.f_code.co_filename, each.f_lineno]
    return caller(frame, made)


def calling(frame: FrameType | None, made: Any = None) -> FrameType | None:
    """Return the first frame outside torch and lrscope; see `caller`."""
    while frame is not None:
        name = frame.f_code.co_filename
        if not _is_ours_or_torch(name) and not _constructs(frame, made):
            break
        frame = frame.f_back
    return frame


def _constructs(frame: FrameType, made: Any) -> bool:
    code = frame.f_code
    if made is None or code.co_name != "__init__" or not code.co_varnames:
        return False
    return frame.f_locals.get(code.co_varnames[0]) is made


def user_frames(frame: FrameType | None, most: int = 12) -> list[FrameType]:
    """Return frames of code that is neither installed nor part of Python."""
    found: list[FrameType] = []
    while frame is not None and len(found) < most:
        if is_users(frame.f_code.co_filename):
            found.append(frame)
        frame = frame.f_back
    return found


def is_users(name: str) -> bool:
    """Say whether a file belongs to the user's own program."""
    return not (
        _is_ours_or_torch(name)
        or name.startswith("<")
        or any(part in name for part in _INSTALLED)
    )


def is_ours(name: str) -> bool:
    """Say whether a file belongs to lrscope."""
    return name == UNSEEN or name.startswith(_OURS)


def defined_at(function: Any) -> list[Any]:
    """Return [file, line] of a function, a method or an object that can be called."""
    while not hasattr(function, "__code__"):
        inner = getattr(function, "__func__", None) or getattr(function, "func", None)
        if inner is None:
            inner = getattr(type(function).__call__, "__wrapped__", None)
            inner = inner or type(function).__call__
            if not hasattr(inner, "__code__"):
                return ["", 0]
        function = inner
    return [function.__code__.co_filename, function.__code__.co_firstlineno]


def _is_ours_or_torch(name: str) -> bool:
    return is_ours(name) or name.startswith(_torch_folder())


_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


@lru_cache(maxsize=1)
def _torch_folder() -> str:
    return (
        os.path.dirname(os.path.abspath(sys.modules["torch"].__file__ or "")) + os.sep
    )


def here(made: Any = None) -> list[Any]:
    """Return [file, line] of the user's line that led to this call.

    Args:
        made: see `caller`.
    """
    return program_line(sys._getframe(1), made)
