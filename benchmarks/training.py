"""Training: a real loop of about 1 ms a step, to measure recorders in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import torch
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _BaseDataLoaderIter

if TYPE_CHECKING:
    from collections.abc import Callable

OWNERS = {"step": LRScheduler, "__next__": _BaseDataLoaderIter}
"""Whose methods ``Loop.calls`` holds."""


def held() -> dict[str, Any]:
    """Return the methods that the classes have now."""
    return {name: getattr(owner, name) for name, owner in OWNERS.items()}


class Loop:
    """An MLP with AdamW, a cosine schedule and a DataLoader; one thread.

    Args:
        groups: parameter groups, one rate each. The net has 12 parameters; groups
            beyond hold a small one that no gradient reaches, as frozen layers do,
            so that the steps stay short.

    Attributes:
        log: is called at the end of a step, if it is not None.
        calls: by name, the methods of torch's classes that a step calls and recorders
            wrap. They are called from here so that they can be exchanged between two
            steps: a class that is changed loses what the interpreter knows of it.
    """

    def __init__(self, groups: int) -> None:
        """Build it; nothing runs yet."""
        torch.manual_seed(0)
        torch.set_num_threads(1)
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
        self.loader = DataLoader(torch.randn(64, 128, 64), batch_size=None)
        self.batches: Any = None
        self.log: Callable[[], None] | None = None
        self.calls = held()

    def step(self) -> int:
        """Train one step and return what it took, nanoseconds."""
        start = time.perf_counter_ns()
        batch = self._next_batch()
        self.optimizer.zero_grad()
        self.net(batch).square().mean().backward()
        self.optimizer.step()
        self.calls["step"](self.scheduler)
        if self.log is not None:
            self.log()
        return time.perf_counter_ns() - start

    def _next_batch(self) -> torch.Tensor:
        if self.batches is not None:
            try:
                return self.calls["__next__"](self.batches)
            except StopIteration:
                pass
        self.batches = iter(self.loader)
        return self.calls["__next__"](self.batches)
