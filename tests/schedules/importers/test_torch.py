"""What is imported of torch's schedulers against the schedulers, stepped for real.

Rates are compared relative to themselves, or to a ten-thousandth of the peak where
they are smaller. torch's recursive forms drift. Over 300 steps they are followed to
1e-11; what is left is a LinearLR that ends a rounding error away from an ``end_factor``
of 0. Over 10,000 steps they are followed to 1e-10, however they are put together. Only
where a long cosine climbs again after its trough does torch drift further: there its
ratio of one wave to the one before multiplies a rounding error by up to T_max².
"""

from __future__ import annotations

import pickle
from functools import partial

import mpmath as mp
import numpy as np
import pytest
import torch
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler as torchs
from torch.optim.swa_utils import SWALR

from lrscope.schedules.importers import Imported, NotImported, imported_live

from .stepping import (
    FLAT,
    NESTED,
    RATES,
    SINGLE,
    apart,
    in_chain,
    in_sequence,
    optimizer,
    stepped,
    written_forms_agree,
)

FEW, MANY = 300, 10_000
SOON, LATE = 1e-11, 1e-10
"""How far the rates of few and of many steps may be apart."""


def made(make):
    """Return a new scheduler; torch refuses some parameters, those do not count."""
    try:
        return make(optimizer())
    except (ValueError, ZeroDivisionError, NotImplementedError):
        assume(False)


@pytest.mark.parametrize("name", SINGLE)
@settings(max_examples=40, phases=[Phase.explicit, Phase.generate])
@given(data=st.data())
def test_an_import_follows_its_scheduler(name, data):
    make = data.draw(SINGLE[name])
    fresh = imported_live(made(make))
    scheduler, course, _ = stepped(make, FEW)
    assert apart(fresh, course, 1e-4) < SOON
    assert apart(imported_live(scheduler), course, 1e-4) < SOON
    written_forms_agree(fresh)
    assert pickle.loads(pickle.dumps(fresh)) == fresh


@settings(max_examples=150, phases=[Phase.explicit, Phase.generate])
@given(make=FLAT)
def test_an_import_follows_schedulers_in_a_schedule(make):
    fresh = imported_live(made(make))
    _, course, raised = stepped(make, FEW)
    assert apart(fresh, course, 1e-4) < SOON
    raises = [each for each in fresh.quirks if each.name == "raises-at-the-hand-over"]
    assert bool(raises) == (raised is not None)
    written_forms_agree(fresh)


@settings(max_examples=150, phases=[Phase.explicit, Phase.generate])
@given(make=NESTED)
def test_an_import_follows_schedulers_in_schedulers_in_schedulers(make):
    fresh = imported_live(made(make))
    scheduler, course, raised = stepped(make, FEW)
    assert apart(fresh, course, 1e-4) < SOON
    if raised is None:
        assert apart(imported_live(scheduler), course, 1e-4) < SOON
    else:
        assert any(each.name.startswith("raises") for each in fresh.quirks)


CLOSED = {
    name: SINGLE[name]
    for name in (
        "StepLR",
        "LinearLR",
        "ExponentialLR",
        "PolynomialLR",
        "CosineAnnealingLR",
    )
}


@pytest.mark.parametrize("name", CLOSED)
@settings(max_examples=30)
@given(data=st.data(), step=st.integers(0, 10**5))
def test_an_import_is_as_near_to_torchs_closed_form_as_float64_is(name, data, step):
    scheduler = made(data.draw(CLOSED[name]))
    assume(getattr(scheduler, "total_iters", 1))
    found = imported_live(scheduler)
    scheduler.last_epoch = step
    total = getattr(scheduler, "total_iters", None)
    if total is not None and total != int(total):
        assume(step <= total)  # the closed form goes on to a step that is none
    wanted = np.array(scheduler._get_closed_form_lr())
    ours = found.rates([step])[:, 0]
    assert ours == pytest.approx(wanted, rel=1e-11, abs=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("name", SINGLE)
@settings(max_examples=15)
@given(data=st.data())
def test_an_import_follows_its_scheduler_for_ten_thousand_steps(name, data):
    make = data.draw(SINGLE[name])
    fresh = imported_live(made(make))
    _, course, _ = stepped(make, MANY)
    assert apart(fresh, course, 1e-4) < LATE


@pytest.mark.slow
@settings(max_examples=25)
@given(make=FLAT | NESTED)
def test_an_import_follows_schedulers_in_schedulers_for_ten_thousand_steps(make):
    fresh = imported_live(made(make))
    _, course, _ = stepped(make, MANY)
    assert apart(fresh, course, 1e-4) < LATE


@pytest.mark.parametrize("low", [0.0, 1e-3, 0.2])
@pytest.mark.parametrize("steps", [80, 1_000, 3_000])
def test_after_the_trough_of_a_cosine_it_is_torch_that_drifts(steps, low):
    def make(o):
        return torchs.CosineAnnealingLR(o, steps, low)

    fresh = imported_live(make(optimizer()))
    _, course, _ = stepped(make, 3 * steps)
    # From T_max to 3·T_max: the least and the most a wave is multiplied by.
    places = sorted({*range(0, 3 * steps, steps // 7), steps - 1, steps, steps + 1})
    with mp.workdps(50):
        base, end = mp.mpf(RATES[0]), mp.mpf(low)
        exact = [
            end + (base - end) * (1 + mp.cos(mp.pi * step / steps)) / 2
            for step in places
        ]
    scale = [max(abs(each), mp.mpf(1e-4) * max(base, end)) for each in exact]

    def off(rates):
        return max(abs(mp.mpf(r) - e) / s for r, e, s in zip(rates, exact, scale))

    assert off(fresh.rates(places)[0]) < 1e-15
    assert off(course[0][places]) < 4 * steps**2 * 2.0**-52 + 1e-12
    assert off(course[0][places]) > 10 * off(fresh.rates(places)[0])


LONG = {
    "cosine": lambda o: torchs.CosineAnnealingLR(o, 9_000, 1e-5),
    "linear": lambda o: torchs.LinearLR(o, 1e-3, 0.5, 9_000),
    "polynomial": lambda o: torchs.PolynomialLR(o, 9_000, 0.9),
    "one cycle": lambda o: torchs.OneCycleLR(o, [0.1, 0.3], 10_000),
    "cyclic": lambda o: torchs.CyclicLR(o, 0.01, 0.3, 1_234, 777),
    "restarts": lambda o: torchs.CosineAnnealingWarmRestarts(o, 100, 2, 1e-5),
    "sequence": lambda o: torchs.SequentialLR(
        o,
        [torchs.LinearLR(o, 0.01, 1.0, 500), torchs.CosineAnnealingLR(o, 9_500)],
        [500],
    ),
    "chain": lambda o: torchs.ChainedScheduler(
        [torchs.ExponentialLR(o, 0.9995), torchs.CosineAnnealingLR(o, 10_000, 1e-6)]
    ),
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_plan_is_followed_to_its_end(name):
    make = LONG[name]
    fresh = imported_live(make(optimizer()))
    _, course, _ = stepped(make, fresh.horizon or MANY)
    assert apart(fresh, course, 1e-4) < LATE


def test_a_line_to_zero_in_a_chain_ends_where_torchs_rounding_leaves_it():
    def make(o):
        restarts = torchs.CosineAnnealingWarmRestarts(o, 2, 3, 1e-3)
        return torchs.ChainedScheduler([restarts, torchs.LinearLR(o, 0.52, 0.0, 48)])

    _, course, _ = stepped(make, 60)
    assert 0 < abs(course[0, 48]) < 1e-15
    ours = imported_live(make(optimizer())).rates(np.arange(61))
    assert ours == pytest.approx(course, rel=1e-12, abs=0)


ZEROS = {
    "StepLR": lambda o: torchs.StepLR(o, 7, 0.0),
    "ExponentialLR": lambda o: torchs.ExponentialLR(o, 0.0),
    "MultiStepLR": lambda o: torchs.MultiStepLR(o, [3, 9, 9, 20], 0.0),
    "from 0 on": lambda o: torchs.MultiStepLR(o, [0, 12], 0.0),
}
BESIDE = {
    "cosine": lambda o: torchs.CosineAnnealingLR(o, 8),
    "cosine with eta_min": lambda o: torchs.CosineAnnealingLR(o, 5, 0.02),
    "restarts": lambda o: torchs.CosineAnnealingWarmRestarts(o, 5),
    "cycle": lambda o: torchs.CyclicLR(o, 0.01, 0.5, 4),
    "average": lambda o: SWALR(o, 0.05, 4),
    "stairs": lambda o: torchs.StepLR(o, 4, 0.5),
}


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("zero", ZEROS)
def test_a_factor_of_zero_is_one_each_time_that_torch_multiplies_by_it(zero, beside):
    both = ZEROS[zero], BESIDE[beside]
    for make in (
        partial(in_chain, both),
        partial(in_chain, both[::-1]),
        partial(in_sequence, both, [6]),
        partial(in_sequence, both[::-1], [6]),
        ZEROS[zero],
    ):
        scheduler, course, _ = stepped(make, 60)
        assert apart(imported_live(made(make)), course, 1e-4) < SOON
        assert apart(imported_live(scheduler), course, 1e-4) < SOON


def test_momentum_goes_with_the_cycle():
    for cls in (
        lambda o: torchs.OneCycleLR(o, 0.3, 120, three_phase=True),
        lambda o: torchs.CyclicLR(o, 0.01, 0.3, 7, 9, mode="triangular2"),
    ):
        made_on = optimizer()
        scheduler = cls(made_on)
        ((key, several),) = imported_live(scheduler).beside
        assert key == "momentum"
        for step in range(100):
            for group, schedule in zip(made_on.param_groups, several):
                assert schedule(step) == pytest.approx(group["momentum"], abs=1e-14)
            scheduler.step()


def test_betas_take_the_place_of_momentum():
    adam = torch.optim.Adam([torch.zeros(1)], lr=0.1)
    found = imported_live(torchs.OneCycleLR(adam, 0.3, 100))
    assert [key for key, _ in found.beside] == ["betas[0]"]


@pytest.mark.parametrize("last_epoch", [0, 4, 30])
@pytest.mark.parametrize(
    "name", ["StepLR", "ExponentialLR", "PolynomialLR", "CyclicLR", "LambdaLR"]
)
def test_a_scheduler_that_begins_later_is_imported_from_there(name, last_epoch):
    arguments = {
        "StepLR": {"step_size": 5},
        "ExponentialLR": {"gamma": 0.9},
        "PolynomialLR": {"total_iters": 50, "power": 2.0},
        "CyclicLR": {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 7},
        "LambdaLR": {},
    }[name]
    if name == "LambdaLR":
        optimization = pytest.importorskip("transformers.optimization")

    def make(o):
        for group in o.param_groups:
            group["initial_lr"] = group["lr"]
            group["max_momentum"], group["base_momentum"] = 0.9, 0.8
        if name == "LambdaLR":
            return optimization.get_linear_schedule_with_warmup(o, 5, 40, last_epoch)
        return getattr(torchs, name)(o, **arguments, last_epoch=last_epoch)

    found = imported_live(make(optimizer()))
    _, course, _ = stepped(make, FEW)
    assert apart(found, course, 1e-4) < SOON
    assert found.quirks[0].name.startswith("begins-at-a")


def test_a_scheduler_that_finds_another_rate_goes_on_from_it():
    def second(cls, **arguments):
        def make(o):
            first = torchs.ExponentialLR(o, 0.5)
            first.step()
            return cls(o, **arguments)

        return make

    for make in (
        second(torchs.StepLR, step_size=3),
        second(torchs.CosineAnnealingLR, T_max=20, eta_min=1e-3),
        second(torchs.CosineAnnealingLR, T_max=20),
        second(SWALR, swa_lr=0.01),
    ):
        found = imported_live(make(optimizer()))
        _, course, _ = stepped(make, FEW)
        assert apart(found, course, 1e-4) < SOON


def test_a_tensor_rate_is_a_rate():
    made_on = optimizer([torch.tensor(0.1), torch.tensor(0.03)])
    found = imported_live(torchs.StepLR(made_on, 5))
    assert found.bases == pytest.approx((0.1, 0.03))
    assert not found.quirks


def test_importing_changes_nothing():
    made_on = optimizer()
    scheduler = torchs.OneCycleLR(made_on, 0.3, 100)
    before = pickle.dumps((scheduler.state_dict(), made_on.state_dict()))
    imported_live(scheduler)
    assert pickle.dumps((scheduler.state_dict(), made_on.state_dict())) == before


def test_every_scheduler_of_torch_is_known():
    for cls in torchs.LRScheduler.__subclasses__():
        if cls.__module__.startswith("torch.") and not cls.__name__.startswith("_"):
            found = imported_live(_any(cls))
            known = isinstance(found, Imported) or "does not know" not in found.reason
            assert known, (cls, found)


def _any(cls):
    o = optimizer()
    arguments = {
        "LambdaLR": [lambda _: 1.0],
        "MultiplicativeLR": [lambda _: 1.0],
        "StepLR": [5],
        "MultiStepLR": [[5]],
        "ExponentialLR": [0.9],
        "CosineAnnealingLR": [5],
        "CosineAnnealingWarmRestarts": [5],
        "OneCycleLR": [0.1, 50],
        "CyclicLR": [0.01, 0.1],
        "SWALR": [0.1],
        "SequentialLR": [[torchs.StepLR(o, 5)], []],
    }.get(cls.__name__, [])
    if cls.__name__ == "ChainedScheduler":
        return cls([torchs.StepLR(o, 5)])
    return cls(o, *arguments)


def test_a_class_of_the_user_is_not_taken_for_torchs():
    class StepLR(torchs.StepLR):
        def get_lr(self):
            return [1.0 for _ in self.base_lrs]

    found = imported_live(StepLR(optimizer(), 5))
    assert isinstance(found, NotImported)
    assert "StepLR" in found.reason
