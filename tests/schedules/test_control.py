"""Control by a metric: like torch and transformers where they agree with themselves."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import lrscope
from lrscope.schedules.control.catalogue import CONTROLS, from_plain
from lrscope.schedules.control.control import State

NUMBERS = st.integers(-20, 20).map(lambda each: each / 4)
METRICS = st.lists(NUMBERS | st.just(math.nan), max_size=60)
SHARED = {
    "mode": st.sampled_from(["min", "max"]),
    "factor": st.sampled_from([0.1, 0.5, 0.9]),
    "patience": st.integers(0, 3),
    "threshold": st.sampled_from([0.0, 1e-4, 0.1]),
    "threshold_mode": st.sampled_from(["rel", "abs"]),
    "cooldown": st.integers(0, 3),
    "eps": st.sampled_from([0.0, 1e-8, 0.02]),
}


def factors(control, metrics):
    state, found = control.start(), []
    for each in metrics:
        state, factor = control(state, each)
        found.append(factor)
    return found


def group(rate):
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=rate)


def rates(scheduler, metrics):
    found = []
    for each in metrics:
        scheduler.step(each)
        found.append(scheduler.optimizer.param_groups[0]["lr"])
    return found


@given(METRICS, st.fixed_dictionaries(SHARED), st.sampled_from([0.0, 0.03]))
def test_plateau_like_torch_is_torchs_plateau(metrics, arguments, low):
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        group(1.0), min_lr=low, **arguments
    )
    mine = lrscope.plateau.like_torch(1.0, min_lr=low, **arguments)
    assert factors(mine, metrics) == rates(theirs, metrics)


@given(
    st.lists(NUMBERS.map(abs) | st.just(math.nan), max_size=60),
    st.fixed_dictionaries(SHARED),
)
def test_plateau_is_torchs_for_metrics_that_are_not_negative(metrics, arguments):
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(group(1.0), **arguments)
    assert factors(lrscope.plateau(**arguments), metrics) == rates(theirs, metrics)


@given(METRICS)
def test_other_base_rates_than_one_agree_but_for_rounding(metrics):
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        group(3e-4), patience=1, min_lr=1e-6
    )
    mine = lrscope.plateau.like_torch(3e-4, patience=1, min_lr=1e-6)
    expected = pytest.approx(rates(theirs, metrics), rel=1e-12)
    assert [3e-4 * each for each in factors(mine, metrics)] == expected


@given(
    METRICS.map(lambda each: [x for x in each if not math.isnan(x)]),
    st.fixed_dictionaries(SHARED),
    st.integers(0, 3),
    st.integers(1, 4),
    st.none() | st.integers(1, 5),
)
def test_greedy_is_transformers_greedy(metrics, arguments, warmup, reset, window):
    optimization = pytest.importorskip("transformers.optimization")
    more = {
        **arguments,
        "warmup": warmup,
        "reset_start": reset,
        "smooth": window is not None,
        "window_size": window or 50,
    }
    theirs = optimization.GreedyLR(group(1.0), min_lr=0.3, max_lr=2.5, **more)
    more["threshold_mode"] = more["threshold_mode"].replace("rel", "rel-torch")
    mine = lrscope.greedy(min_factor=0.3, max_factor=2.5, **more)
    assert factors(mine, metrics) == rates(theirs, metrics)


@pytest.mark.parametrize(("mode", "metric"), [("min", -1.0), ("max", -1.0)])
def test_a_negative_metric_that_stands_still_is_no_improvement(mode, metric):
    mine = lrscope.plateau(mode=mode, patience=3)
    assert factors(mine, [metric] * 5)[-1] == 0.1
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        group(1.0), mode=mode, patience=3
    )
    torchs = dataclasses.replace(mine, threshold_mode="rel-torch")
    assert rates(theirs, [metric] * 5) == factors(torchs, [metric] * 5) == [1.0] * 5


@given(METRICS, st.fixed_dictionaries({**SHARED, "eps": st.just(0.0)}))
def test_the_sign_of_both_metric_and_mode_may_be_turned(metrics, arguments):
    other = {"min": "max", "max": "min"}[arguments["mode"]]
    turned = lrscope.plateau(**{**arguments, "mode": other})
    assert factors(lrscope.plateau(**arguments), metrics) == factors(
        turned, [-each for each in metrics]
    )


@pytest.mark.parametrize("kind", CONTROLS)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_no_improvement_and_spoils_nothing(kind, bad):
    smooth = {"smooth": True} if kind is lrscope.greedy else {}
    control = kind(mode="max" if bad > 0 else "min", patience=2, **smooth)
    state, _ = control(control.start(), bad)
    assert (state.best, state.bad, state.window) == (None, 1, ())
    state, _ = control(state, 1.0)
    assert (state.best, state.bad) == (1.0, 0)


def test_rates_however_small_are_still_reduced_unless_asked_otherwise():
    assert factors(lrscope.plateau(patience=0), [1.0, 1.0])[-1] == 0.1
    torchs = lrscope.plateau.like_torch(5e-9, patience=0)
    assert factors(torchs, [1.0, 1.0])[-1] == 1.0


@pytest.mark.parametrize("kind", CONTROLS)
@given(metrics=METRICS, cut=st.integers(0, 60))
def test_a_state_goes_through_json_at_any_point(kind, metrics, cut):
    control = kind(patience=1, cooldown=1)
    state = control.start()
    for each in metrics[:cut]:
        state, _ = control(state, each)
    plain = json.loads(json.dumps(state.to_plain(), allow_nan=False))
    again = from_plain(json.loads(json.dumps(control.to_plain(), allow_nan=False)))
    assert again == control
    assert State.from_plain(plain) == state
    assert hash(again) == hash(control)


@pytest.mark.parametrize("kind", CONTROLS)
def test_its_text_is_the_call_that_makes_it(kind):
    control = kind(patience=3, mode="max")
    words = {each.__name__: each for each in CONTROLS}
    assert eval(repr(control), words) == control
    assert repr(kind()) == f"{kind.__name__}()"


@pytest.mark.parametrize("kind", CONTROLS)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"factor": 1.0}, "factor > 0 and < 1, got 1.0"),
        ({"factor": 0}, "factor > 0 and < 1, got 0"),
        ({"factor": math.nan}, "factor to be finite"),
        ({"patience": -1}, "patience to be a whole number >= 0, got -1"),
        ({"patience": "3ep"}, "patience to be a whole number"),
        ({"mode": "auto"}, "mode to be one of 'min', 'max', got 'auto'"),
        ({"threshold_mode": "dynamic"}, "threshold_mode to be one of"),
        ({"threshold": -1}, "threshold >= 0, got -1"),
        ({"min_factor": "low"}, "min_factor to be a number, got 'low'"),
    ],
)
def test_an_argument_out_of_range_is_refused_in_words(kind, arguments, words):
    with pytest.raises(lrscope.ScheduleError, match=words):
        kind(**arguments)


@pytest.mark.parametrize("metric", ["0.5", None, True, [1.0, 2.0], torch.ones(2)])
def test_a_metric_that_is_no_number_is_refused_in_words(metric):
    control = lrscope.plateau()
    with pytest.raises(lrscope.ScheduleError, match="needs the metric as one number"):
        control(control.start(), metric)


def test_plain_data_that_is_no_control_is_refused_in_words():
    for data in (None, {"kind": "cosine"}, {"kind": "plateau", "patient": 1}):
        with pytest.raises(
            lrscope.ScheduleError, match=r"control needs|cannot be made"
        ):
            from_plain(data)
    with pytest.raises(lrscope.ScheduleError, match="state of a control"):
        State.from_plain({"factor": 1.0})
    with pytest.raises(lrscope.ScheduleError, match="lr > 0"):
        lrscope.plateau.like_torch(0.0)
