"""A compiled optimizer step is driven and not compiled again for every rate."""

from __future__ import annotations

import pytest
import torch

import lrscope

from .training import PLAN, backward, seen, sgd

STEPS = 40


@pytest.fixture(autouse=True)
def _fresh_compiler():
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    yield
    torch._dynamo.reset()


@pytest.mark.filterwarnings("ignore")  # what compilers say is theirs
@pytest.mark.parametrize("cls", [torch.optim.SGD, torch.optim.AdamW])
def test_a_tensor_rate_is_compiled_once(cls):
    def graphs(*, driven):
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        optimizer = sgd(0.1, 0.2, cls=cls, tensor=True)
        if driven:
            lrscope.drive(optimizer, PLAN)
        rates = seen(optimizer) if driven else None

        @torch.compile(backend="eager")
        def step():
            optimizer.step()

        made = []
        for _ in range(STEPS):
            backward(optimizer)
            step()
            made.append(torch._dynamo.utils.counters["stats"]["unique_graphs"])
        return made, rates

    made, rates = graphs(driven=True)
    assert rates == [[0.1 * PLAN(t), 0.2 * PLAN(t)] for t in range(STEPS)]
    assert made[-1] > 0, "nothing was compiled"
    assert made[3] == made[-1], "the rate made it compile again"
