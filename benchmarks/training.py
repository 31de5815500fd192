"""A real training loop of about 1 ms a step, to measure recorders in."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

import torch
from torch.utils.data import DataLoader, TensorDataset

Off = Callable[[], None]
On = Callable[[], Off]


class Loop:
    """An MLP with AdamW, a cosine schedule and a DataLoader.

    Args:
        groups: parameter groups, one rate each.
    """

    def __init__(self, groups: int) -> None:
        """Build it; nothing runs yet."""
        torch.manual_seed(0)
        self.net = torch.nn.Sequential(*[torch.nn.Linear(64, 64) for _ in range(6)])
        parameters = list(self.net.parameters())
        if groups <= len(parameters):
            parts = [parameters[i::groups] for i in range(groups)]
        else:
            spare = [torch.nn.Parameter(torch.zeros(2)) for _ in range(groups)]
            parts = [[each] for each in (parameters + spare)[:groups]]
        self.optimizer = torch.optim.AdamW(
            [{"params": part, "lr": 1e-3 / (i + 1)} for i, part in enumerate(parts)]
        )
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.optimizer, 1_000_000
        )
        data = torch.randn(128 * 64, 64)
        self.loader = DataLoader(TensorDataset(data), batch_size=None, sampler=None)
        self.data = data.view(64, 128, 64)
        self.batches = iter(())

    def step(self) -> int:
        """Train one step and return what it took, nanoseconds."""
        start = time.perf_counter_ns()
        batch = self._next_batch()
        self.optimizer.zero_grad()
        self.net(batch).square().mean().backward()
        self.optimizer.step()
        self.scheduler.step()
        return time.perf_counter_ns() - start

    def _next_batch(self) -> torch.Tensor:
        try:
            return next(self.batches)
        except StopIteration:
            self.batches = iter(DataLoader(self.data, batch_size=None))
            return next(self.batches)


def added_cost(
    loop: Loop, ways: dict[str, On], rounds: int, block: int = 25
) -> dict[str, float]:
    """Return the median microseconds that each way adds to a step.

    Blocks of steps alternate between nothing and every way, in random order; the
    first steps of a block are not counted. The result is the median over rounds of
    the difference between a way's median step and the bare one's of the same round.
    """
    differences: dict[str, list[float]] = {name: [] for name in ways}
    order = ["", *ways]
    for name, on in ways.items():  # warm up every way
        off = on()
        for _ in range(block):
            loop.step()
        off()
        del name
    for _ in range(rounds):
        random.shuffle(order)
        medians = {}
        for name in order:
            off = ways[name]() if name else _nothing
            steps = [loop.step() for _ in range(block)]
            off()
            medians[name] = statistics.median(steps[3:])
        for name, found in differences.items():
            found.append((medians[name] - medians[""]) / 1e3)
    return {name: statistics.median(found) for name, found in differences.items()}


def _nothing() -> None:
    return
