"""Own time: how long a step of the training is inside our functions.

Timed from within: around the hooks, and in a wrapper from its call to that of the
original and from the original's return to its own. Of each span the cost of reading
the timer, taken right after it, is subtracted. This knows nothing of what our code
costs others by taking their place in the caches; the paired difference does.
"""

from __future__ import annotations

from time import perf_counter_ns as now
from typing import TYPE_CHECKING, Any

from benchmarks.training import held
from lrscope.capture.patches import Patches
from lrscope.capture.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.training import Loop


class Meter:
    """Adds up spans of time."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.total = 0

    def take(self) -> int:
        """Return the nanoseconds so far and begin anew."""
        total, self.total = self.total, 0
        return total


class TimedPatches(Patches):
    """Patches whose wrappers measure themselves."""

    def __init__(self, meter: Meter) -> None:
        """Measure with ``meter``."""
        super().__init__()
        self._meter = meter

    def wrap(
        self, owner: Any, name: str, make: Callable[[Callable[..., Any]], Any]
    ) -> None:
        """Replace as usual, with a timer outside and one inside."""
        super().wrap(owner, name, lambda original: _timed(self._meter, original, make))


def _timed(
    meter: Meter, original: Callable[..., Any], make: Callable[..., Any]
) -> Callable[..., Any]:
    times = [0, 0]  # the original was called, the original returned

    def inner(*args: Any, **kwargs: Any) -> Any:
        times[0] = now()
        try:
            return original(*args, **kwargs)
        finally:
            times[1] = now()

    wrapper = make(inner)

    def outer(*args: Any, **kwargs: Any) -> Any:
        start = now()
        try:
            return wrapper(*args, **kwargs)
        finally:
            end = now()
            timer = now() - end
            meter.total += end - times[1] + times[0] - start - 2 * timer

    return outer


def _timed_hook(meter: Meter, hook: Callable[..., None]) -> Callable[..., None]:
    def timed(optimizer: Any, args: Any, kwargs: Any) -> None:
        start = now()
        hook(optimizer, args, kwargs)
        end = now()
        meter.total += end - start - (now() - end)

    return timed


def own_times(loop: Loop, directory: str, steps: int) -> list[float]:
    """Return microseconds spent in our functions, one value for each step."""
    recorder = Recorder(directory, 1)
    meter = Meter()
    recorder._patches = TimedPatches(meter)
    hooks = recorder._optimizers.hooks()
    recorder._optimizers.hooks = lambda: tuple(  # type: ignore[method-assign]
        _timed_hook(meter, each) for each in hooks
    )
    recorder.start()
    loop.calls = held()
    found = []
    for _ in range(steps):
        loop.step()
        found.append(meter.take() / 1e3)
    recorder.stop()
    return found[steps // 10 :]
