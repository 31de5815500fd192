"""Driving: what one step of a driver costs beside one step of a torch scheduler.

Both are called bare, in turns, in one process: what torch adds to call a hook, and
what it adds to call ``scheduler.step()``, is not counted.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from benchmarks.result import Result, spread

if TYPE_CHECKING:
    from collections.abc import Callable

GROUPS = (1, 64, 512)
FAR = 10**9
ROUNDS = 41
STEPS = 4096
"""Steps of a round with one group; fewer with more."""


def measure(quick: bool = False) -> list[Result]:  # noqa: FBT001, FBT002
    """Measure for each number of groups, then far away."""
    rounds = 5 if quick else ROUNDS
    results = [_beside_torch(count, rounds) for count in GROUPS]
    return [*results, *_far_away(rounds)]


def _beside_torch(count: int, rounds: int) -> Result:
    import torch

    import lrscope

    other = _optimizer(count)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(other, FAR)
    other.step()
    step, _ = _driven(count, lrscope.cosine(FAR), 0)
    ours, theirs = _in_turns(rounds, max(STEPS // count, 32), step, scheduler.step)
    plural = "group" if count == 1 else "groups"
    return Result(
        what=f"one driver step, {count} {plural}",
        must="below CosineAnnealingLR.step()",
        measured=f"{spread(ours, 2, 'µs')}; torch {spread(theirs, 2, 'µs')}",
        met=statistics.median(ours) < statistics.median(theirs),
    )


def _far_away(rounds: int) -> list[Result]:
    import lrscope

    plan = lrscope.warmup(500) >> lrscope.cosine(2 * FAR, floor=0.1)
    near, begin = _driven(1, plan, 0)
    far, resume = _driven(1, plan, FAR)
    here, there = _in_turns(rounds, STEPS, near, far)
    first, later = _in_turns(rounds, 8, begin, resume)
    resumes = statistics.median(later) / statistics.median(first)
    steps = statistics.median(there) / statistics.median(here)
    return [
        Result(
            what="resume at step 10⁹ and the step after it",
            must="as at step 0 (± 20 %)",
            measured=f"{resumes:.2f} times; {spread(later, 0, 'µs')}",
            met=0.8 < resumes < 1.2,
        ),
        Result(
            what="— a step there",
            measured=f"{steps:.2f} times; {spread(there, 2, 'µs')}",
        ),
    ]


def _optimizer(count: int) -> Any:
    import torch

    groups = []
    for _ in range(count):
        weight = torch.nn.Parameter(torch.zeros(1))
        weight.grad = torch.zeros(1)
        groups.append({"params": [weight]})
    return torch.optim.SGD(groups, lr=0.1)


def _driven(
    count: int, plan: Any, step: int
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return what a driver does at a step, and what it does to resume and step."""
    import lrscope

    optimizer = _optimizer(count)
    driver = lrscope.drive(optimizer, plan)
    state = {**driver.state_dict(), "step": step}
    driver.load_state_dict(state)
    before, after = driver._hooks._before, driver._hooks._after

    def one_step() -> None:
        before(optimizer, (), {})
        after(optimizer, (), {})

    def resume() -> None:
        driver.load_state_dict(state)
        one_step()

    return one_step, resume


def _in_turns(
    rounds: int, steps: int, *calls: Callable[[], Any]
) -> tuple[list[float], ...]:
    """Return the microseconds of a call of each, one value a round."""
    found: tuple[list[float], ...] = tuple([] for _ in calls)
    for number in range(rounds + 2):
        for call, values in zip(calls, found, strict=True):
            start = time.perf_counter_ns()
            for _ in range(steps):
                call()
            if number >= 2:  # everything is new before
                values.append((time.perf_counter_ns() - start) / steps / 1e3)
    return found
