"""Effective: what measuring effective rates costs a training, and how good it is.

Recorded steps alternate with bare ones in one process, with the usual budget; sums of
times, as few steps bear the cost. The estimates are compared with the same sums over
all elements.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from typing import Any

from benchmarks import digits
from benchmarks.fresh import fresh
from benchmarks.memory import _resident
from benchmarks.result import Result, spread

LIMIT = 1.5
"""Percent that a training may be slower."""
MOST = 100
"""Megabytes that it may take more."""
STEPS = 240
"""Of each kind, about 0.1 s each."""


def measure(quick: bool = False) -> list[Result]:  # noqa: FBT001, FBT002
    """Measure cost, memory and error."""
    one = {"OMP_NUM_THREADS": "1"}
    inside = fresh(digits.child, 1 if quick else 20, "", **one)
    steps = STEPS // 20 if quick else STEPS
    sums = [fresh(child, steps, **one) for _ in range(1 if quick else 5)]
    bare, measured = (fresh(grown, 5 if quick else 40, on, **one) for on in (0, 1))
    draws = [
        fresh(coverage, seed, 20 if quick else 100, **one)
        for seed in range(1 if quick else 6)
    ]
    stated = statistics.mean(each[0] for each in draws)
    within = statistics.mean(each[1] for each in draws)
    slower = [100 * (recorded / alone - 1) for alone, recorded in sums]
    return [
        digits.told("its code alone, all imported, --effective", inside, LIMIT),
        Result(
            what=f"{STEPS} steps of AdamW on 10 M parameters "
            f"({statistics.median(each[0] for each in sums):.0f} s), --effective",
            must=f"≤ {LIMIT} % slower",
            measured=spread(slower, 2, "%"),
            met=statistics.median(slower) <= LIMIT,
        ),
        Result(
            what="memory of the same, at the most",
            must=f"≤ {MOST} MB more",
            measured=f"{measured - bare:.0f} MB",
            met=measured - bare <= MOST,
        ),
        Result(
            what="effective rates of a sample within their stated error "
            f"({len(draws)} draws, stated at {100 * stated:.0f} % of the steps)",
            must="≥ 95 % of the steps",
            measured=f"{100 * within:.1f} %",
            met=within >= 0.95,
        ),
    ]


def _transformer(width: int = 256, layers: int = 12, words: int = 2_000) -> Any:
    """Return a step of a transformer with AdamW; 10.5 M parameters, 147 tensors."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(width, 4, 4 * width, 0.0, batch_first=True)
    net = nn.Sequential(
        nn.Embedding(words, width),
        nn.TransformerEncoder(layer, layers),
        nn.Linear(width, words),
    )
    parts = [
        [each for each in net.parameters() if (each.ndim > 1) is on]
        for on in (True, False)
    ]
    optimizer = torch.optim.AdamW(
        [{"params": parts[0]}, {"params": parts[1], "weight_decay": 0.0}], lr=3e-4
    )

    def step() -> None:
        text = torch.randint(0, words, (1, 64))
        optimizer.zero_grad()
        found = net(text).view(-1, words)
        nn.functional.cross_entropy(found, text.view(-1)).backward()
        optimizer.step()

    return step, optimizer


class _TimeWatched:
    """A clock for the budget, on which only steps pass that the recorder sees."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now


def child(steps: int) -> tuple[float, float]:
    """Return the seconds of as many steps bare and recorded, in turns."""
    from benchmarks.switch import Switch
    from lrscope.capture.effective import pace
    from lrscope.capture.effective.wanted import Wanted
    from lrscope.capture.recorder import Recorder

    clock = pace.time = _TimeWatched()  # type: ignore[assignment]
    step, _ = _transformer()
    for _ in range(5):
        step()
    bare = recorded = 0.0
    with tempfile.TemporaryDirectory() as directory:
        recorder = Recorder(directory, 0, effective=Wanted())
        switch = Switch(recorder)
        switch.off()
        for number in range(2 * steps):
            on = number % 4 in (1, 2)  # each is first as often as the other
            way = switch.way() if on else switch.bare()
            way.on()
            start = time.perf_counter()
            step()
            took = time.perf_counter() - start
            way.off()
            if on:
                recorded += took
                clock.now += took
            else:
                bare += took
        switch.on()
        recorder.stop()
    return bare, recorded


def grown(steps: int, on: int) -> float:
    """Return the megabytes that a training held at the most."""
    from lrscope import record

    step, _ = _transformer()
    gc.collect()
    with tempfile.TemporaryDirectory() as directory:
        if on:
            with record(f"{directory}/run", effective="every=2"):
                for _ in range(steps):
                    step()
        else:
            for _ in range(steps):
                step()
    return _resident()[1]


def _layers() -> Any:
    """Return a step of a net with AdamW; 1.4 M parameters, no embedding."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(256, 1024), nn.GELU(), nn.Linear(1024, 1024), nn.GELU(),
        nn.Linear(1024, 64),
    )  # fmt: skip
    teacher = nn.Linear(256, 64)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-4)

    def step() -> None:
        inputs = torch.randn(32, 256)
        optimizer.zero_grad()
        (net(inputs) - teacher(inputs).detach()).square().mean().backward()
        optimizer.step()

    return step, optimizer


def coverage(seed: int, steps: int) -> tuple[float, float]:
    """Return at which share of the steps an error is stated, and of these it holds.

    Args:
        seed: of the sample that is drawn.
        steps: to take, each of them measured.
    """
    import numpy as np

    import lrscope
    from lrscope.capture.effective import drawing

    drawing.SEED = seed
    step, optimizer = _layers()
    true: list[float] = []
    kept: list[Any] = []

    def before(*_: object) -> None:
        kept[:] = [
            (each.detach().double().clone(), each.grad.double().clone())
            for each in optimizer.param_groups[0]["params"]
        ]

    def after(*_: object) -> None:
        group = optimizer.param_groups[0]
        taken = group["lr"] * group["weight_decay"]
        moved = sum(
            float(((now.detach().double() - was * (1 - taken)) * slope).sum())
            for now, (was, slope) in zip(group["params"], kept)
        )
        true.append(-moved / sum(float((slope * slope).sum()) for _, slope in kept))

    optimizer.register_step_pre_hook(before)
    optimizer.register_step_post_hook(after)
    with tempfile.TemporaryDirectory() as directory:
        with lrscope.record(f"{directory}/run", effective="every=1"):
            for _ in range(steps):
                step()
        measured = lrscope.read_run(f"{directory}/run").main.tracks[0].measured
        if measured is None or len(measured) != steps:
            raise AssertionError(measured)
    error = measured.effective_error
    stated = np.isfinite(error)
    off = np.abs(measured.effective - np.array(true))
    return float(stated.mean()), float((off <= error)[stated].mean())
