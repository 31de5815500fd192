"""The same numbers as the libraries whose names the shapes have."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler as theirs

from lrscope import schedules as s

FEW = settings(max_examples=40)


def stepped(make, steps, lr=1.0, optimizer=torch.optim.SGD, **words):
    """Return the rates that a scheduler gives for the first steps."""
    parameters = [torch.nn.Parameter(torch.zeros(1))]
    chosen = optimizer(parameters, lr=lr, **words)
    scheduler = make(chosen)
    rates = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in range(steps):
            rates.append(chosen.param_groups[0]["lr"])
            if step < steps - 1:
                scheduler.step()
    return np.array(rates)


def agree(schedule, rates):
    np.testing.assert_allclose(
        schedule(np.arange(len(rates))), rates, rtol=1e-10, atol=1e-13
    )


@FEW
@given(
    steps=st.integers(2, 200),
    pct_start=st.floats(0.02, 0.98),
    div=st.floats(1.5, 100),
    final=st.floats(1, 1e5),
    anneal=st.sampled_from(["cos", "linear"]),
    three_phase=st.booleans(),
)
def test_one_cycle_is_torchs(steps, pct_start, div, final, anneal, three_phase):
    words = {"div_factor": div, "final_div_factor": final, "three_phase": three_phase}
    if abs(pct_start * steps - 1) < 1e-9:
        return  # torch divides by zero

    def make(optimizer):
        return theirs.OneCycleLR(
            optimizer,
            max_lr=1.0,
            total_steps=steps,
            pct_start=pct_start,
            anneal_strategy=anneal,
            cycle_momentum=False,
            **words,
        )

    ours = s.one_cycle(steps, pct_start, anneal=anneal, **words)
    agree(ours, stepped(make, steps))


@FEW
@given(
    up=st.integers(1, 40),
    down=st.integers(1, 40),
    low=st.floats(0, 1),
    mode=st.sampled_from(["triangular", "triangular2", "exp_range"]),
    gamma=st.floats(0.9, 1),
)
def test_cyclic_is_torchs(up, down, low, mode, gamma):
    def make(optimizer):
        return theirs.CyclicLR(
            optimizer, low, 1.0, up, down, mode, gamma, cycle_momentum=False
        )

    agree(s.cyclic(up, down, low, mode, gamma), stepped(make, 200))


@pytest.mark.parametrize("by", ["cycle", "iterations"])
def test_a_scale_function_is_called_as_torch_calls_it(by):
    def scale(x):
        return 1 / (1 + x)

    def make(optimizer):
        return theirs.CyclicLR(
            optimizer, 0.1, 1.0, 7, scale_fn=scale, scale_mode=by, cycle_momentum=False
        )

    agree(s.cyclic(7, low=0.1, scale=scale, scale_by=by), stepped(make, 100))


PAIRS = {
    "step_decay": (s.step_decay(7, 0.5), lambda o: theirs.StepLR(o, 7, 0.5)),
    "multistep": (s.multistep([5, 9]), lambda o: theirs.MultiStepLR(o, [5, 9])),
    "exponential": (s.exponential(0.97), lambda o: theirs.ExponentialLR(o, 0.97)),
    "linear": (s.linear(30, 0.2, 0.9), lambda o: theirs.LinearLR(o, 0.2, 0.9, 30)),
    "polynomial": (
        s.polynomial(30, 1.7),
        lambda o: theirs.PolynomialLR(o, 30, 1.7),
    ),
    "cosine_wave": (
        s.cosine_wave(60, floor=0.1),
        lambda o: theirs.CosineAnnealingLR(o, 30, eta_min=0.1),
    ),
    "restarts": (
        s.cosine_restarts(10, grow=2.0, floor=0.1),
        lambda o: theirs.CosineAnnealingWarmRestarts(o, 10, 2, eta_min=0.1),
    ),
    "function": (
        s.function(lambda step: 0.95**step),
        lambda o: theirs.LambdaLR(o, lambda step: 0.95**step),
    ),
    "multiplicative": (
        s.multiplicative(lambda step: 1 - 0.5 / (step + 1), 99),
        lambda o: theirs.MultiplicativeLR(o, lambda step: 1 - 0.5 / (step + 1)),
    ),
    **{
        f"swa_anneal-{strategy}": (
            s.swa_anneal(20, 0.05, strategy),
            lambda o, strategy=strategy: torch.optim.swa_utils.SWALR(
                o, 0.05, 20, "cos" if strategy == "cos" else "linear"
            ),
        )
        for strategy in ("cos", "linear")
    },
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_shape_is_what_torch_steps(name):
    ours, make = PAIRS[name]
    agree(ours, stepped(make, 20 if name.startswith("swa") else 100))


@pytest.mark.parametrize("beta2", [0.9, 0.99, 0.995, 0.9999])
def test_radam_and_exponential_warmup_are_pytorch_warmups(beta2):
    peers = pytest.importorskip("pytorch_warmup")
    optimizer = torch.optim.Adam([torch.zeros(1)], betas=(0.9, beta2))
    radam = peers.RAdamWarmup(optimizer)
    words = {"beta2": beta2, "rho_inf": 2 / (1 - beta2) - 1}
    offset = radam.warmup_params[0]["offset"]
    rates = [radam.warmup_factor(t, offset=offset, **words) for t in range(500)]
    np.testing.assert_allclose(s.radam_warmup(beta2)(np.arange(500)), rates, rtol=1e-7)
    slow = peers.ExponentialWarmup(optimizer, 30)
    agree(
        s.exponential_warmup(30),
        np.array([slow.warmup_factor(t, 30) for t in range(100)]),
    )
    straight = peers.LinearWarmup(optimizer, 30)
    agree(s.warmup(29), np.array([straight.warmup_factor(t, 30) for t in range(50)]))


@pytest.mark.parametrize(
    ("name", "words", "ours"),
    [
        ("RexScheduler", {}, s.rex),
        ("TanhDecayScheduler", {"steepness": 3}, lambda n: s.tanh(n, -3, 3)),
        ("KDecayScheduler", {"k": 1.5}, lambda n: s.k_decay(n, 1.5)),
        ("ChebyshevScheduler", {}, s.chebyshev),
        ("SlantedTriangularScheduler", {}, s.slanted_triangular),
        (
            "HyperbolicLRScheduler",
            {"upper_bound": 150, "min_lr": 0.01},
            lambda n: s.hyperbolic(n, 150, 0.01),
        ),
        (
            "ExpHyperbolicLRScheduler",
            {"upper_bound": 150, "min_lr": 0.01},
            lambda n: s.exp_hyperbolic(n, 150, 0.01),
        ),
    ],
)
def test_a_shape_is_what_pytorch_scheduler_steps(name, words, ours):
    peers = pytest.importorskip("pytorch_scheduler")
    make = getattr(peers, name)
    rates = stepped(lambda o: make(o, total_steps=100, **words), 100)
    agree(ours(100), rates)


def test_fractal_chebyshev_is_pytorch_optimizers():
    peers = pytest.importorskip("pytorch_optimizer.lr_scheduler.chebyshev")
    order = peers.get_chebyshev_permutation(64)
    rates = peers.get_chebyshev_steps(64)[order]
    agree(s.fractal_chebyshev(64), rates)


@pytest.mark.parametrize("shape", ["linear", "1-sqrt", "cosine", "power", "exp"])
def test_decays_are_timms(shape):
    peers = pytest.importorskip("timm.scheduler.wsd_lr")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    found = peers.WSDLRScheduler(
        optimizer, 80, 30, lr_min=0.1, decay_fn=shape, decay_power=0.7
    )
    rates = np.array([found._get_lr(t)[0] for t in range(100)])
    name = "exponential" if shape == "exp" else shape
    ours = s.constant(steps=50) >> s.decay(30, name, floor=0.1, power=0.7)
    agree(ours, rates)
