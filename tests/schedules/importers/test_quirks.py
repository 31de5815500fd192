"""What surprises is named; what cannot be imported says why."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler as torchs

from lrscope.schedules.importers import Imported, NotImported, imported, imported_live
from lrscope.schedules.importers.table import REASONS, TABLE

from .stepping import optimizer

S = torchs.SequentialLR
NAMED = {
    "climbs-after-T_max": lambda o: torchs.CosineAnnealingLR(o, 10),
    "climbs-at-total_steps": lambda o: torchs.OneCycleLR(o, 0.1, 10),
    "raises-past-its-end": lambda o: torchs.OneCycleLR(o, 0.1, 10),
    "one-rate-for-every-group": lambda o: torchs.OneCycleLR(o, 0.1, 10),
    "milestones-never-hit": lambda o: torchs.MultiStepLR(o, [2.5]),
    "resets-to-base-after-total_iters": torchs.ConstantLR,
    "holds-its-first-factor": lambda o: torchs.LinearLR(o, total_iters=0),
    "raises-at-total_iters": lambda o: torchs.ConstantLR(o, 0.0),
    "never-decays": lambda o: torchs.PolynomialLR(o, 0),
    "eta_min-above-base": lambda o: torchs.CosineAnnealingLR(o, 10, 0.05),
    "nested-runs-one-step-early": lambda o: S(
        o,
        [S(o, [torchs.StepLR(o, 5), torchs.StepLR(o, 5)], [5]), torchs.StepLR(o, 5)],
        [10],
    ),
    "raises-at-the-hand-over": lambda o: S(
        o, [torchs.StepLR(o, 5), torchs.ChainedScheduler([torchs.StepLR(o, 5)])], [10]
    ),
    "overwritten-by-the-last-of-the-chain": lambda o: torchs.ChainedScheduler(
        [torchs.ExponentialLR(o, 0.9), torchs.CosineAnnealingWarmRestarts(o, 5)]
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_quirk_is_named(name):
    found = imported_live(NAMED[name](optimizer()), [0.1, 0.03])
    quirk = next(each for each in found.quirks if each.name == name)
    assert len(quirk.says) > 20
    assert not quirk.says.endswith(".")


def test_a_scheduler_without_surprises_has_no_quirks():
    for make in (
        lambda o: torchs.StepLR(o, 5),
        lambda o: torchs.LinearLR(o, 0.1),
        lambda o: torchs.PolynomialLR(o, 9),
    ):
        assert imported_live(make(optimizer())).quirks == ()


@pytest.mark.parametrize(
    ("milestone", "told"), [(10, []), (11, ["climbs-after-T_max"])]
)
def test_a_quirk_that_a_sequence_cuts_off_is_not_told(milestone, told):
    o = optimizer()
    parts = [torchs.CosineAnnealingLR(o, 10), torchs.StepLR(o, 5)]
    found = imported_live(S(o, parts, [milestone]))
    assert [each.name for each in found.quirks] == told


def test_the_horizon_has_a_name():
    def horizon(make):
        found = imported_live(make(optimizer()))
        return found.horizon, found.horizon_name

    assert horizon(lambda o: torchs.CosineAnnealingLR(o, 10)) == (10, "T_max")
    assert horizon(lambda o: torchs.MultiStepLR(o, [3, 9])) == (9, "last milestone")
    assert horizon(lambda o: torchs.OneCycleLR(o, 0.1, 10)) == (9, "total_steps - 1")
    assert horizon(lambda o: torchs.StepLR(o, 10)) == (None, "")
    both = lambda o: S(o, [torchs.LinearLR(o), torchs.CosineAnnealingLR(o, 9)], [5])  # noqa: E731
    assert horizon(both) == (14, "last milestone + T_max")


REFUSED = {
    "step_size=0": lambda o: torchs.StepLR(o, 0),
    "T_max=2.3": lambda o: torchs.CosineAnnealingLR(o, 2.3),
    "gamma=-1": lambda o: torchs.ExponentialLR(o, -1),
    "metric": torchs.ReduceLROnPlateau,
    "share": lambda o: S(o, [torchs.OneCycleLR(o, 1.0, 9)] * 2, [5]),
    "is not finite": lambda o: torchs.CosineAnnealingLR(o, 5, float("inf")),
}


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_imported_says_why(words):
    found = imported_live(REFUSED[words](optimizer()))
    assert isinstance(found, NotImported)
    assert words in found.reason
    assert not found.reason.endswith(".")


def test_restarts_begun_after_their_first_period_are_refused():
    description = {
        "module": "torch.optim.lr_scheduler",
        "class_name": "CosineAnnealingWarmRestarts",
        "arguments": {"T_0": 5, "T_mult": 2, "eta_min": 0.0, "last_epoch": 30},
    }
    assert "last_epoch=30" in imported(description, [0.1]).reason


def test_our_own_scheduler_gives_its_schedule_back():
    from lrscope import as_torch
    from lrscope.schedules import cosine

    found = imported_live(as_torch(cosine(100), optimizer()))
    assert found.schedules == (cosine(100),) * 2
    assert found.horizon == 100


data = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 50)
    | st.floats()
    | st.sampled_from(["", "nan", "cos", "linear", "constant"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["callable", "5", "where", "arguments"]), inner
        )
    ),
    max_leaves=5,
)
NAMES = sorted(
    [
        "T_max",
        "T_0",
        "T_mult",
        "eta_min",
        "gamma",
        "step_size",
        "milestones",
        "total_iters",
        "factor",
        "power",
        "start_factor",
        "end_factor",
        "total_steps",
        "max_lr",
        "max_lrs",
        "pct_start",
        "div_factor",
        "mode",
        "anneal_strategy",
        "final_div_factor",
        "three_phase",
        "step_ratio",
        "total_size",
        "swa_lr",
        "anneal_epochs",
        "lr_lambdas",
        "base_lrs",
        "base_values",
        "last_epoch",
        "_step_count",
        "warmup_t",
        "t_initial",
        "decay_t",
        "decay_rate",
        "lr_min",
        "cycle_mul",
        "cycle_limit",
        "cycle_decay",
        "k_decay",
        "noise_range_t",
        "decay_fn",
        "stable_fn",
        "stable_timescale",
        "warmup_lr_init",
        "followed",
        "_milestones",
        "cycle_momentum",
        "base_momentum",
        "max_momentum",
        "lb",
        "ub",
    ]
)


@given(
    entry=st.sampled_from(TABLE + REASONS),
    attributes=st.dictionaries(st.sampled_from(NAMES), data, max_size=12),
    arguments=st.dictionaries(st.sampled_from(NAMES), data, max_size=12),
    rates=st.lists(data, max_size=3),
    bases=st.none() | st.lists(st.floats(0, 1), min_size=1, max_size=2),
)
def test_no_description_makes_it_fail(entry, attributes, arguments, rates, bases):
    description = {
        "module": entry[0],
        "class_name": entry[1],
        "attributes": attributes,
        "arguments": arguments,
        "rates": rates,
    }
    found = imported(description, bases)
    assert isinstance(found, (Imported, NotImported))


def test_numbers_that_torch_holds_as_tensors_are_read():
    made_on = optimizer()
    scheduler = torchs.CosineAnnealingLR(made_on, 10, eta_min=torch.tensor(0.01))
    assert imported_live(scheduler).rates([10])[0, 0] == pytest.approx(0.01)
