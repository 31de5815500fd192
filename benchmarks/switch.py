"""Switch: a recorder that can be turned off and on between two steps.

What a step calls is exchanged: torch's global hooks and the wrappers round
``scheduler.step``, ``backward`` and the iterators of DataLoaders. They are the same
function objects each time, warmed up as they are in a real training. What a recorder
leaves behind at the objects of a training would not be seen: there is nothing
(tests/capture/test_attributes.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.optim import optimizer as torch_optimizer

from benchmarks.paired import Way, nothing
from lrscope.capture.asking import CHECK

if TYPE_CHECKING:
    from lrscope.capture.recorder import Recorder

CALLED_IN_A_STEP = ("step", "backward", "__next__", "__iter__", CHECK)


class Switch:
    """A recorder at work, to be turned off and on."""

    def __init__(self, recorder: Recorder) -> None:
        """Start the recorder and leave it on."""
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
        self._patched: list[tuple[Any, str, Any, Any]] = [
            (owner, name, original, vars(owner)[name])
            for owner, name, original in recorder._patches._undo
            if name in CALLED_IN_A_STEP
        ]

    def on(self) -> None:
        """Let the recorder see the steps to come."""
        for hooks, key, hook in self._hooks:
            hooks[key] = hook
        for owner, name, _, wrapper in self._patched:
            setattr(owner, name, wrapper)

    def off(self) -> None:
        """Let it see nothing."""
        for hooks, key, _ in self._hooks:
            hooks.pop(key, None)
        for owner, name, original, _ in self._patched:
            setattr(owner, name, original)

    def way(self) -> Way:
        """Return steps that are recorded."""
        return Way(self.on, self.off)

    def bare(self) -> Way:
        """Return steps that are not, after the same exchange of functions."""
        return Way(self._flip, nothing)

    def _flip(self) -> None:
        self.on()
        self.off()
