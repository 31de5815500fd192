"""A resumed training in a few words: two legs, recorded into one run."""

from __future__ import annotations

import copy
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    SequentialLR,
    StepLR,
)
from torch.utils.data import DataLoader, TensorDataset

import lrscope
from audit.verdict import audited

PASSES, BATCHES = 12, 4


def warm_cosine(optimizer, length):
    warm = LinearLR(optimizer, 0.1, total_iters=length // 6)
    main = CosineAnnealingLR(optimizer, length - length // 6)
    return SequentialLR(optimizer, [warm, main], [length // 6])


SCHEDULERS = {
    "StepLR": lambda o, n: StepLR(o, n // 4, 0.5),
    "MultiStepLR": lambda o, n: MultiStepLR(o, [n // 4, n // 2, 3 * n // 4], 0.1),
    "ExponentialLR": lambda o, _: ExponentialLR(o, 0.9),
    "CosineAnnealingLR": CosineAnnealingLR,
    "PolynomialLR": PolynomialLR,
    "CosineAnnealingWarmRestarts": lambda o, n: CosineAnnealingWarmRestarts(o, n // 3),
    "LambdaLR": lambda o, n: LambdaLR(o, lambda s: min(1, 6 * (s + 1) / n) * max(0, 1 - s / n)),
    "OneCycleLR": lambda o, n: OneCycleLR(o, 0.2, total_steps=n + 1),
    "CyclicLR": lambda o, n: CyclicLR(o, 0.01, 0.1, n // 6, cycle_momentum=False),
    "LinearLR": lambda o, n: LinearLR(o, 1.0, 0.1, n),
    "ConstantLR": lambda o, n: ConstantLR(o, 0.1, n // 2),
    "SequentialLR": warm_cosine,
    "ChainedScheduler": lambda o, n: ChainedScheduler(
        [ConstantLR(o, 0.1, n // 2), ExponentialLR(o, 0.95)]
    ),
}  # fmt: skip


@dataclass
class Training:
    """A model, an optimizer and a scheduler, and what was done with them."""

    lr: float = 0.1
    kind: type = torch.optim.AdamW
    model: nn.Module = field(default_factory=lambda: nn.Linear(3, 1))
    optimizer: torch.optim.Optimizer | None = None
    scheduler: object = None
    passes: int = 0
    rates: list[float] = field(default_factory=list)

    def __post_init__(self):
        if self.optimizer is None:
            self.optimizer = self.kind(self.model.parameters(), lr=self.lr)

    def update(self, batch=None):
        batch = torch.ones(4, 3) if batch is None else batch
        self.optimizer.zero_grad()
        self.model(batch).square().sum().backward()
        self.rates.append(self.optimizer.param_groups[0]["lr"])
        self.optimizer.step()

    def updates(self, count, after=lambda: None, before=lambda: None):
        for _ in range(count):
            before()
            self.update()
            after()
        return self

    def until(self, passes, *, each_pass=False, saving=None, early=False):
        """Train in passes over data; save after each, before or after the step."""
        loader = DataLoader(TensorDataset(torch.ones(4 * BATCHES, 3)), batch_size=4)
        saved = None
        while self.passes < passes:
            for (batch,) in loader:
                self.update(batch)
                if not each_pass:
                    self.scheduler.step()
            self.passes += 1
            if early and saving:
                saved = saving(self)
            if each_pass:
                self.scheduler.step()
            if not early and saving:
                saved = saving(self)
        return saved

    def state(self, *, scheduler=True):
        """Return what a checkpoint holds."""
        own = self.scheduler.state_dict() if scheduler and self.scheduler else None
        optimizer = self.optimizer.state_dict()
        return copy.deepcopy({"O": optimizer, "S": own, "passes": self.passes})

    def load(self, state, what="OS"):
        for each in what:
            target = self.optimizer if each == "O" else self.scheduler
            target.load_state_dict(state[each])
        return self


@contextmanager
def leg(path, *words):
    """Record one leg, started with a command of its own."""
    before, sys.orig_argv = sys.orig_argv, ["python", "train.py", *words]
    try:
        with lrscope.record(path):
            yield
    finally:
        sys.orig_argv = before


def made(make, length=PASSES * BATCHES, **how):
    """Return a training with its scheduler."""
    training = Training(**how)
    training.scheduler = make(training.optimizer, length)
    return training


def judged(path, story):
    """Record a story and return its audit."""
    story(path / "run")
    return audited(lrscope.read_run(path / "run"))
