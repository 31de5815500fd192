"""Schedulers stepped for real, next to what was imported of them."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from hypothesis import strategies as st
from torch.optim import lr_scheduler as torchs
from torch.optim.swa_utils import SWALR

from lrscope.schedules import from_json, parse, to_json
from lrscope.schedules.importers import Imported

RATES = (0.1, 0.03)


def optimizer(rates=RATES, **others):
    groups = [
        {"params": [torch.zeros(1, requires_grad=True)], "lr": each} for each in rates
    ]
    made = torch.optim.SGD(groups, lr=rates[0], momentum=0.9, **others)
    made._opt_called = True  # torch warns of schedulers stepped without it
    return made


def stepped(make, steps, rates=RATES):
    """Return the scheduler, its rates at steps 0 …, and what ended them early."""
    made = optimizer(rates)
    scheduler = make(made)
    course = [[float(group["lr"]) for group in made.param_groups]]
    raised = None
    for _ in range(steps):
        try:
            scheduler.step()
        except (ValueError, NotImplementedError, ZeroDivisionError) as error:
            raised = error
            break
        course.append([float(group["lr"]) for group in made.param_groups])
    return scheduler, np.array(course).T, raised


def apart(found, course, floor):
    """Return the largest difference, relative to a rate or to a share of the peak."""
    assert isinstance(found, Imported), found
    ours = found.rates(np.arange(course.shape[1]))
    scale = np.maximum(np.abs(course), floor * np.abs(course).max())
    difference = np.abs(ours - course)
    return float(np.divide(difference, scale, out=difference, where=scale > 0).max())


def written_forms_agree(found):
    """Text and JSON of every schedule give it back."""
    for each in (
        *found.schedules,
        *(s for _, several in found.beside for s in several),
    ):
        assert from_json(to_json(each)) == each
        assert parse(repr(each)) == each


factors = st.floats(0.01, 0.99)
lengths = st.integers(1, 80)
lows = st.sampled_from([0.0, 1e-6, 1e-3, 0.2])


def has_no_tiny_phase(pct):
    """Say whether phases are absent or long; steps past a tiny one only show rounding."""
    return pct in (0.0, 1.0) or all(
        abs(pct - edge) > 1e-6 for edge in (0.0, 0.25, 0.5, 0.75, 1.0)
    )


def one_cycle(o, top, steps, pct, anneal, three_phase):
    return torchs.OneCycleLR(
        o, top, steps, pct_start=pct, anneal_strategy=anneal, three_phase=three_phase
    )


def cyclic(o, tops, up, down, mode, gamma):
    return torchs.CyclicLR(o, 0.01, tops, up, down, mode=mode, gamma=gamma)


def made_with(cls, **arguments):
    return st.fixed_dictionaries(arguments).map(
        lambda chosen: lambda o: cls(o, **chosen)
    )


STEPS = made_with(torchs.StepLR, step_size=lengths, gamma=factors)
MULTI_STEPS = made_with(
    torchs.MultiStepLR,
    milestones=st.lists(st.integers(-2, 120) | st.just(7.5), max_size=5),
    gamma=factors,
)
CONSTANTS = made_with(
    torchs.ConstantLR, factor=factors, total_iters=st.integers(-1, 80) | st.just(2.5)
)
LINEARS = made_with(
    torchs.LinearLR,
    start_factor=st.floats(0.001, 1),
    end_factor=st.sampled_from([0.0, 0.4, 1.0]),
    total_iters=st.integers(0, 80) | st.just(7.5),
)
EXPONENTIALS = made_with(torchs.ExponentialLR, gamma=st.floats(0.8, 1.01))
POLYNOMIALS = made_with(
    torchs.PolynomialLR, total_iters=lengths, power=st.sampled_from([0.5, 1.0, 2.7])
)
COSINES = made_with(
    torchs.CosineAnnealingLR, T_max=lengths | st.just(4.5), eta_min=lows
)
RESTARTS = made_with(
    torchs.CosineAnnealingWarmRestarts,
    T_0=lengths,
    T_mult=st.integers(1, 3),
    eta_min=lows,
)
ONE_CYCLES = st.builds(
    lambda *chosen: lambda o: one_cycle(o, *chosen),
    st.sampled_from([0.3, [0.1, 0.02]]),
    st.integers(2, 150),
    st.floats(0.0, 1.0).filter(has_no_tiny_phase),
    st.sampled_from(["cos", "linear"]),
    st.booleans(),
)
CYCLICS = st.builds(
    lambda *chosen: lambda o: cyclic(o, *chosen),
    st.sampled_from([0.3, [0.1, 0.02]]),
    lengths,
    lengths,
    st.sampled_from(["triangular", "triangular2", "exp_range"]),
    st.floats(0.9, 1.0),
)
SWAS = made_with(
    SWALR,
    swa_lr=st.sampled_from([0.05, [0.2, 0.01]]),
    anneal_epochs=st.integers(0, 80),
    anneal_strategy=st.sampled_from(["cos", "linear"]),
)
SINGLE = {
    "StepLR": STEPS,
    "MultiStepLR": MULTI_STEPS,
    "ConstantLR": CONSTANTS,
    "LinearLR": LINEARS,
    "ExponentialLR": EXPONENTIALS,
    "PolynomialLR": POLYNOMIALS,
    "CosineAnnealingLR": COSINES,
    "CosineAnnealingWarmRestarts": RESTARTS,
    "OneCycleLR": ONE_CYCLES,
    "CyclicLR": CYCLICS,
    "SWALR": SWAS,
}
SEVERAL = st.one_of(*(each for name, each in SINGLE.items() if name != "OneCycleLR"))


def in_sequence(makers, milestones, o):
    parts = [make(o) for make in makers]
    return torchs.SequentialLR(o, parts, sorted(milestones)[: len(parts) - 1])


def in_chain(makers, o):
    return torchs.ChainedScheduler([make(o) for make in makers])


def composed_of(parts):
    milestones = st.lists(st.integers(0, 100), min_size=3, max_size=3)
    return st.builds(
        lambda makers, stones: partial(in_sequence, makers, stones),
        st.lists(parts, min_size=1, max_size=4),
        milestones,
    ) | st.builds(
        lambda makers: partial(in_chain, makers),
        st.lists(parts, min_size=1, max_size=3),
    )


FLAT = composed_of(SEVERAL)
NESTED = composed_of(st.one_of(SEVERAL, FLAT, composed_of(SEVERAL | FLAT)))
