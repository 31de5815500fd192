"""Effective: what measuring effective rates costs a training, and how good it is.

Blocks of steps with ``record(effective="")``, which is what ``lrscope run --effective``
does, alternate with bare ones in one process; sums of times, as few steps bear the
cost. The estimates are compared with the same sums over all elements.
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
STEPS = 120
"""Of a block, about 0.15 s each."""


def measure(quick: bool = False) -> list[Result]:  # noqa: FBT001, FBT002
    """Measure cost, memory and error."""
    one = {"OMP_NUM_THREADS": "1"}
    inside = fresh(digits.child, 1 if quick else 20, "", **one)
    blocks = fresh(child, STEPS // 20 if quick else STEPS, 1 if quick else 4, **one)
    bare, measured = (fresh(grown, 5 if quick else 40, on, **one) for on in (0, 1))
    within = fresh(coverage, 20 if quick else 200, **one)
    slower = [100 * (recorded / alone - 1) for alone, recorded in blocks]
    return [
        digits.told("its code alone, all imported, --effective", inside, LIMIT),
        Result(
            what=f"{STEPS} steps of AdamW on 10 M parameters "
            f"({statistics.median(each[0] for each in blocks):.0f} s), --effective",
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
            what="effective rates of a sample within their stated error",
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


def child(steps: int, pairs: int) -> list[list[float]]:
    """Return [bare, measured] seconds of blocks."""
    from lrscope import record

    step, _ = _transformer()

    def block() -> float:
        start = time.perf_counter()
        for _ in range(steps):
            step()
        return time.perf_counter() - start

    def recorded() -> float:
        with (
            tempfile.TemporaryDirectory() as directory,
            record(f"{directory}/run", effective=""),
        ):
            return block()

    block()
    return [digits.pair(number, block, recorded) for number in range(pairs)]


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


def coverage(steps: int) -> float:
    """Return how often the sampled rate is within its error of the true one."""
    import numpy as np

    import lrscope

    step, optimizer = _transformer(width=64, layers=3, words=20_000)
    true: list[list[float]] = [[], []]

    def before(*_: object) -> None:
        kept.clear()
        kept.extend(
            [
                (each.detach().double().clone(), each.grad.double().clone())
                for each in group["params"]
            ]
            for group in optimizer.param_groups
        )

    def after(*_: object) -> None:
        for found, group, old in zip(true, optimizer.param_groups, kept):
            taken = group["lr"] * group["weight_decay"]
            moved = sum(
                float(((now.detach().double() - was * (1 - taken)) * slope).sum())
                for now, (was, slope) in zip(group["params"], old)
            )
            found.append(-moved / sum(float((slope * slope).sum()) for _, slope in old))

    kept: list[Any] = []
    optimizer.register_step_pre_hook(before)
    optimizer.register_step_post_hook(after)
    with tempfile.TemporaryDirectory() as directory:
        with lrscope.record(f"{directory}/run", effective="every=1"):
            for _ in range(steps):
                step()
        measured = lrscope.read_run(f"{directory}/run").main.tracks[0].measured
        if measured is None or len(measured) != steps:
            raise AssertionError(measured)
    off = np.abs(measured.effective - np.array(true[0]))
    return float((off <= measured.effective_error).mean())
