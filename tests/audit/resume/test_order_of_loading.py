"""Whatever is loaded in whatever order: what is found is what went wrong."""

from __future__ import annotations

import pytest

import lrscope
from audit.verdict import audited, loud

from .legs import BATCHES, PASSES, SCHEDULERS, leg, made

ORDERS = {
    "optimizer, scheduler made, scheduler": "sched-built-after-optimizer-load",
    "scheduler made, optimizer, scheduler": None,
    "scheduler made, scheduler, optimizer": None,
    "scheduler made, scheduler": "optimizer-not-restored-scheduler-is",
    "scheduler made, optimizer": "state-silently-skipped",
    "scheduler made, optimizer; none saved": "sched-state-not-saved",
}
LEFT = 5


def resumed(path, make, order, *, each_pass):
    """Return the rates after a resume."""
    length = PASSES if each_pass else PASSES * BATCHES
    order, _, kept = order.partition("; ")
    with leg(path):
        first = made(make, length)
        state = first.until(
            LEFT, each_pass=each_pass, saving=lambda t: t.state(scheduler=not kept)
        )
    with leg(path):
        second = made(lambda *_: None)
        second.passes = state["passes"]
        for what in order.split(", "):
            if what == "scheduler made":
                second.scheduler = make(second.optimizer, length)
            else:
                second.load(state, what[0].upper())
        second.until(PASSES, each_pass=each_pass)
    return second.rates


def off(ours, theirs):
    return sum(abs(a - b) > 0.03 * max(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(
    "each_pass",
    [False, pytest.param(True, marks=pytest.mark.slow)],
    ids=["by update", "by pass"],
)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_mistake_is_named_if_and_only_if_rates_went_wrong(
    tmp_path, name, order, each_pass
):
    make = SCHEDULERS[name]
    whole = made(make, PASSES if each_pass else PASSES * BATCHES)
    whole.until(PASSES, each_pass=each_pass)
    rates = resumed(tmp_path / "run", make, order, each_pass=each_pass)
    wrong = off(rates, whole.rates[LEFT * BATCHES :])
    found = loud(audited(lrscope.read_run(tmp_path / "run")))
    if not wrong:
        assert found == set()
    elif wrong > 1 or "optimizer-not" not in str(ORDERS[order]):
        assert found == {ORDERS[order]}
