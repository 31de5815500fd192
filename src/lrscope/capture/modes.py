"""Modes: what torch is doing just now that nothing of ours may enter."""

from __future__ import annotations

import contextlib
import sys
from typing import Any, Callable

from lrscope.sites import unseen


class Uncompiled:
    """Calls a function outside of the graphs of torch.compile.

    Functions that our hooks call would be traced, though the hooks are passed over.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        """Take the function."""
        self._function = self._call = function
        self._compiler: Any = None

    @unseen
    def __call__(self, *args: Any) -> Any:
        """Call it; the compiler may have been loaded since the last time."""
        compiler = sys.modules.get("torch._dynamo")
        if compiler is not self._compiler:
            disable = getattr(compiler, "disable", None)
            if disable is not None:
                self._compiler, self._call = compiler, disable(self._function)
        return self._call(*args)


def untraced(*functions: Callable[..., Any]) -> bool:
    """Have torch.compile trace neither these functions nor what they call.

    A mark on their code says so, which only a running compiler reads. Where torch
    does not know such marks (before 2.7), it traces them in vain.

    Returns:
        Whether torch knows such marks.
    """
    torch: Any = sys.modules["torch"]
    try:
        frames = torch._C._dynamo.eval_frame
        skip = frames._FrameAction.SKIP
        strategy = frames._FrameExecStrategy(skip, skip)
        for each in functions:
            frames.set_code_exec_strategy(each.__code__, strategy)
    except (AttributeError, TypeError):
        return False
    return True


def out_of_modes(torch: Any) -> Any:
    """Return a context in which no mode of the program sees what is calculated.

    A FlopCounterMode would count it.
    """
    modes = contextlib.ExitStack()
    if torch._C._len_torch_function_stack():
        modes.enter_context(torch._C.DisableTorchFunction())
    if torch._C._len_torch_dispatch_stack():
        from torch.utils._python_dispatch import _disable_current_modes

        modes.enter_context(_disable_current_modes())
    return modes


def is_captured(torch: Any) -> bool:
    """Say whether a graph is being captured: nothing of ours belongs into it.

    Also true of a device that failed, which is not to be asked for anything either.
    """
    for backend in (torch.cuda, getattr(torch, "xpu", None)):
        asked = getattr(backend, "is_current_stream_capturing", None)
        try:
            if backend and asked and backend.is_initialized() and asked():
                return True
        except RuntimeError:
            return True
    return False
