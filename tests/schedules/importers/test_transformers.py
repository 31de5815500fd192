"""transformers.get_scheduler's names against the schedulers, stepped for real."""

from __future__ import annotations

import types

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from torch.optim.lr_scheduler import LambdaLR

from lrscope.schedules.importers import NotImported, imported_live

from .stepping import apart, optimizer, stepped, written_forms_agree

optimization = pytest.importorskip("transformers.optimization")

cycles = st.sampled_from([0.5, 1.0, 1.3, 2.0, 7.0, 49.0, 0.0])
SPECIFIC = {
    "linear": {},
    "cosine": {"num_cycles": cycles},
    "cosine_with_restarts": {"num_cycles": cycles},
    "polynomial": {"lr_end": st.sampled_from([0.0, 1e-3]), "power": st.floats(0.3, 3)},
    "constant": {},
    "constant_with_warmup": {},
    "inverse_sqrt": {"timescale": st.integers(1, 500) | st.none()},
    "cosine_with_min_lr": {"num_cycles": cycles, "min_lr": st.floats(0, 0.2)},
    "cosine_warmup_with_min_lr": {
        "num_cycles": cycles,
        "min_lr_rate": st.floats(0, 1),
        "warmup_lr_rate": st.none() | st.floats(0, 1),
    },
    "warmup_stable_decay": {
        "num_decay_steps": st.integers(0, 150),
        "num_stable_steps": st.integers(-20, 100) | st.none(),
        "warmup_type": st.sampled_from(["linear", "cosine", "1-sqrt"]),
        "decay_type": st.sampled_from(["linear", "cosine", "1-sqrt"]),
        "min_lr_ratio": st.floats(0, 1),
        "num_cycles": cycles,
    },
}
METRIC_DRIVEN = ("reduce_lr_on_plateau", "greedy")


def with_name(name, warmup, total, specific):
    def make(o):
        return optimization.get_scheduler(name, o, warmup, total, specific)

    return make


@pytest.mark.filterwarnings("ignore:Both num_training_steps")
@pytest.mark.parametrize("name", SPECIFIC)
@settings(max_examples=40, phases=[Phase.explicit, Phase.generate])
@given(data=st.data(), warmup=st.integers(0, 120), total=st.integers(1, 250))
def test_an_import_follows_its_scheduler(name, data, warmup, total):
    specific = data.draw(st.fixed_dictionaries(SPECIFIC[name]))
    make = with_name(name, warmup, total, specific)
    fresh = imported_live(make(optimizer()))
    scheduler, course, raised = stepped(make, 300)
    if isinstance(fresh, NotImported):
        assert name == "polynomial"
        assert raised is not None or warmup == total == 0, fresh
        return
    assert apart(fresh, course, 1e-4) < 1e-10
    assert imported_live(scheduler) == fresh
    written_forms_agree(fresh)


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECIFIC)
@settings(max_examples=8)
@given(data=st.data(), warmup=st.integers(0, 3_000), total=st.integers(5_000, 12_000))
def test_an_import_follows_its_scheduler_for_ten_thousand_steps(
    name, data, warmup, total
):
    specific = data.draw(st.fixed_dictionaries(SPECIFIC[name]))
    specific.pop("num_stable_steps", None)
    make = with_name(name, warmup, total, specific)
    fresh = imported_live(make(optimizer()))
    _, course, _ = stepped(make, 10_000)
    assert apart(fresh, course, 1e-4) < 1e-10


def test_every_name_is_imported_or_driven_by_a_metric():
    names = {each.value for each in optimization.TYPE_TO_SCHEDULER_FUNCTION}
    assert names == {*SPECIFIC, *METRIC_DRIVEN}


@pytest.mark.parametrize("name", METRIC_DRIVEN)
def test_what_is_driven_by_a_metric_says_so(name):
    found = imported_live(with_name(name, 0, 1, {})(optimizer()))
    assert isinstance(found, NotImported)
    assert "metric-driven" in found.reason


def quirks_of(name, warmup, total, **specific):
    found = imported_live(with_name(name, warmup, total, specific)(optimizer()))
    return [each.name for each in found.quirks]


def test_its_quirks_are_named():
    assert "first-update-at-zero" in quirks_of("linear", 10, 100)
    assert "first-update-at-zero" not in quirks_of("linear", 0, 100)
    assert "hf-cosine-rises-again" in quirks_of("cosine", 10, 100)
    least = {"min_lr_rate": 0.1}
    assert "hf-one-step-early" in quirks_of("cosine_warmup_with_min_lr", 9, 99, **least)
    ends = quirks_of("polynomial", 10, 100)
    assert "hf-end-is-relative-to-the-default-rate" in ends or ends == [
        "first-update-at-zero"
    ]


def test_restarts_that_rounding_loses_are_named():
    steps, cycles = 22, 22
    lost = quirks_of("cosine_with_restarts", 0, steps, num_cycles=cycles)
    assert lost == ["hf-restart-lost-to-rounding"]
    make = with_name("cosine_with_restarts", 0, steps, {"num_cycles": cycles})
    _, course, _ = stepped(make, steps - 1)
    assert course[0, 14] == pytest.approx(0.1)
    assert course[0, 15] < 1e-9


def test_functions_inside_functions_of_older_releases_are_read_from_a_live_object():
    num_warmup_steps, num_training_steps = 10, 100

    def lr_lambda(current_step):
        if current_step < num_warmup_steps:
            return current_step / num_warmup_steps
        left = num_training_steps - current_step
        return max(0.0, left / (num_training_steps - num_warmup_steps))

    lr_lambda = types.FunctionType(
        lr_lambda.__code__, globals(), "lr_lambda", None, lr_lambda.__closure__
    )
    lr_lambda.__module__ = "transformers.optimization"
    lr_lambda.__qualname__ = "get_linear_schedule_with_warmup.<locals>.lr_lambda"
    found = imported_live(LambdaLR(optimizer(), lr_lambda))
    _, course, _ = stepped(lambda o: LambdaLR(o, lr_lambda), 150)
    assert apart(found, course, 1e-4) < 1e-10
