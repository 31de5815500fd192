"""Switch: a recorder that can be turned off and on between two steps.

What a step calls is exchanged: torch's global hooks, functions of its modules, and of
its classes' methods those that the loop calls. They are the same function objects each
time, warmed up as they are in a real training; classes stay as the recorder changed
them. What a recorder leaves behind at the objects of a training would not be seen:
there is nothing (tests/capture/test_attributes.py).
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from torch.optim import optimizer as torch_optimizer

from benchmarks.paired import Way, nothing
from benchmarks.training import OWNERS
from lrscope.capture.asking import CHECK

if TYPE_CHECKING:
    from lrscope.capture.recorder import Recorder

FUNCTIONS = ("backward", CHECK)
"""What a step calls of torch's modules."""


class Switch:
    """A recorder at work, to be turned off and on.

    Args:
        recorder: is started and left on.
        calls: of the loop that it watches.
    """

    def __init__(self, recorder: Recorder, calls: dict[str, Any] | None = None) -> None:
        """Start the recorder."""
        recorder.start()
        self._hooks = [
            (hooks, handle.id, hooks[handle.id])
            for handle in recorder._hooks._handles
            for hooks in (
                torch_optimizer._global_optimizer_pre_hooks,
                torch_optimizer._global_optimizer_post_hooks,
            )
            if handle.id in hooks
        ]
        self._places: list[tuple[dict[str, Any], str, Any, Any]] = []
        for owner, name, original in recorder._patches._undo:
            wrapper = vars(owner)[name]
            if isinstance(owner, ModuleType) and name in FUNCTIONS:
                self._places.append((vars(owner), name, original, wrapper))
            elif calls is not None and OWNERS.get(name) is owner:
                self._places.append((calls, name, original, wrapper))

    def on(self) -> None:
        """Let the recorder see the steps to come."""
        for hooks, key, hook in self._hooks:
            hooks[key] = hook
        for place, name, _, wrapper in self._places:
            place[name] = wrapper

    def off(self) -> None:
        """Let it see nothing."""
        for hooks, key, _ in self._hooks:
            hooks.pop(key, None)
        for place, name, original, _ in self._places:
            place[name] = original

    def way(self) -> Way:
        """Return steps that are recorded."""
        return Way(self.on, self.off)

    def bare(self) -> Way:
        """Return steps that are not, after the same exchange of functions."""
        return Way(self._flip, nothing)

    def _flip(self) -> None:
        self.on()
        self.off()
