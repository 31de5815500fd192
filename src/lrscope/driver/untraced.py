"""Untraced: code that torch.compile leaves out of its graphs, at no cost per call."""

from __future__ import annotations

from types import CodeType, FunctionType
from typing import Any, Callable, TypeVar

import torch

NAME = "<frozen importlib._bootstrap_external> of lrscope"
"""Dynamo skips code of a file whose name starts like this; `warnings` looks past it.

What such code calls is traced again, so it calls built-in functions alone, or what
``torch.compiler.disable`` covers.
"""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def untraced(function: _Function) -> _Function:
    """Let compilers pass over ``function``."""
    if isinstance(function, FunctionType):
        function.__code__ = _renamed(function.__code__)
    return function


def aside(function: _Function) -> _Function:
    """Let compilers pass over ``function`` and all that it calls, for 1 µs a call."""
    return torch.compiler.disable(function)  # type: ignore[no-any-return, no-untyped-call]


def _renamed(code: CodeType) -> CodeType:
    constants = tuple(
        _renamed(each) if isinstance(each, CodeType) else each
        for each in code.co_consts
    )
    return code.replace(co_filename=NAME, co_consts=constants)
