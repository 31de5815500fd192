"""For plain SGD the effective rate is the rate; what decay takes is kept apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import SGD, Adam, AdamW

import lrscope

from .oracle import Oracle, assert_measured, net, step, train

EPS = 2.0**-24
"""Half a unit in the last place of float32, relative."""


def _rounding(track, oracle, group=0):
    """Return by how much float32 can make −⟨Δw,g⟩/⟨g,g⟩ differ from lr, per step.

    The stored weights are rounded: each is off by at most EPS times its size.
    """
    found = []
    for groups in oracle.steps:
        sums = groups[group]
        size = np.sqrt(sums["weight_weight"] / sums["gradient_gradient"])
        found.append(4 * EPS * size + 2 * EPS * track.applied[0])
    return np.array(found)


@pytest.mark.parametrize("lr", [1.0, 0.1, 3e-3, 1e-5])
@pytest.mark.parametrize("foreach", [True, False])
def test_for_plain_sgd_it_is_the_rate_to_the_last_bits(measured, lr, foreach):
    def run():
        model = net()
        return train(SGD(model.parameters(), lr=lr, foreach=foreach), model)

    oracle, run = measured(run)
    track = run.track("sgd/all")
    assert_measured(track, 0, oracle)
    assert (abs(track.measured.effective - lr) <= _rounding(track, oracle)).all()
    assert track.measured.effective_error.tolist() == [0.0] * 4
    np.testing.assert_allclose(track.measured.cosine, 1, atol=1e-5 + EPS / lr)


@given(lr=st.floats(1e-3, 10), seed=st.integers(0, 100))
@settings(max_examples=10)
def test_in_float64_it_is_the_rate_to_twelve_digits(tmp_path_factory, lr, seed):
    directory = tmp_path_factory.mktemp("runs") / "run"
    with lrscope.record(directory, effective="every=1"):
        torch.manual_seed(seed)
        weight = torch.nn.Parameter(torch.randn(9, dtype=torch.float64))
        optimizer = SGD([weight], lr=lr)
        weight.grad = torch.randn(9, dtype=torch.float64)
        optimizer.step()
    track = lrscope.read_run(directory).track("sgd/all")
    np.testing.assert_allclose(track.measured.effective, [lr], rtol=1e-12)


@pytest.mark.parametrize("size", [16_384, 100_003, 3_000_000])
def test_of_a_sample_it_is_the_rate_as_well(measured, size):
    def run():
        torch.manual_seed(0)
        weight = torch.nn.Parameter(torch.randn(size))
        optimizer = SGD([weight], lr=0.1)
        for _ in range(2):
            weight.grad = torch.randn(size)
            optimizer.step()

    _, run = measured(run)
    track = run.track("sgd/all")
    found = track.measured
    np.testing.assert_allclose(found.effective, 0.1, rtol=1e-6)
    assert found.elements == size
    assert 4096 <= found.looked_at < 0.4 * size
    # Δw is −lr·g to rounding, so the ratio hardly depends on which blocks were drawn
    assert (found.effective_error < 1e-7).all()
    assert (abs(found.update_rms - 0.1) <= 0.01).all()


def test_momentum_multiplies_the_rate_by_what_has_gathered(measured):
    def run():
        weight = torch.nn.Parameter(torch.zeros(8, dtype=torch.float64))
        optimizer = SGD([weight], lr=0.1, momentum=0.5)
        for _ in range(4):
            weight.grad = torch.ones(8, dtype=torch.float64)
            optimizer.step()

    _, run = measured(run)
    expected = [0.1, 0.15, 0.175, 0.1875]
    np.testing.assert_allclose(run.track("sgd/all").measured.effective, expected)


def test_decay_within_the_gradient_is_counted_and_decay_apart_from_it_is_not(measured):
    def run(kind, **more):
        model = net()
        return train(kind(model.parameters(), lr=0.01, weight_decay=0.5, **more), model)

    _, plain = measured(run, Adam)
    oracle, apart = measured(run, AdamW)
    of_plain = plain.track("adam/all").measured
    of_apart = apart.track("adamw/all").measured
    sums = [each[0] for each in oracle.steps]
    for place, each in enumerate(sums):
        driven = each["moved_gradient"] + 0.005 * each["gradient_weight"]
        rate = -driven / each["gradient_gradient"]
        np.testing.assert_allclose(of_apart.effective[place], rate, rtol=1e-9)
        ratio = np.sqrt(each["moved_moved"] / each["weight_weight"])
        np.testing.assert_allclose(of_apart.update_to_weight[place], ratio, rtol=1e-9)
    assert not np.allclose(of_plain.effective, of_apart.effective, rtol=1e-3)


def test_with_decay_apart_a_gradient_of_zero_moves_weights_but_drives_nothing(measured):
    def run():
        weight = torch.nn.Parameter(torch.full((8,), 2.0, dtype=torch.float64))
        optimizer = AdamW([weight], lr=0.1, weight_decay=0.25)
        weight.grad = torch.zeros(8, dtype=torch.float64)
        optimizer.step()

    _, run = measured(run)
    found = run.track("adamw/all").measured
    np.testing.assert_allclose(found.update_to_weight, [0.025])
    np.testing.assert_allclose(found.sums.driven_driven, [0.0], atol=1e-15)
    assert np.isnan(found.effective).all()
    assert found.sums.gradient_not_zero.tolist() == [0.0]


def test_a_rate_is_negative_where_the_loss_is_climbed(measured):
    def run():
        model = net()
        return train(SGD(model.parameters(), lr=0.1, maximize=True), model)

    _, run = measured(run)
    np.testing.assert_allclose(run.track("sgd/all").measured.effective, -0.1, rtol=1e-5)


def test_a_rate_of_zero_moves_nothing(measured):
    def run():
        model = net()
        return train(SGD(model.parameters(), lr=0.0), model)

    _, run = measured(run)
    found = run.track("sgd/all").measured
    assert found.effective.tolist() == [0.0] * 4
    assert found.moved.tolist() == [0.0] * 4
    assert np.isnan(found.cosine).all()


def test_gradients_are_those_before_the_step_even_if_it_changes_them(measured):
    class Scribbler(torch.optim.SGD):
        @torch.no_grad()
        def step(self, _closure=None):
            for group in self.param_groups:
                for each in group["params"]:
                    each.sub_(each.grad, alpha=group["lr"])
                    each.grad.mul_(7)

    def run():
        model = net()
        return train(Scribbler(model.parameters(), lr=0.1), model)

    oracle, run = measured(run)
    assert_measured(run.track("scribbler/all"), 0, oracle)


def test_every_derived_number_follows_from_the_sums(measured):
    def run():
        model = net()
        optimizer = Adam(model.parameters(), lr=0.01)
        oracle = Oracle(optimizer)
        for _ in range(3):
            step(optimizer, model, oracle)
        return oracle

    oracle, run = measured(run)
    found = run.track("adam/all").measured
    for place, groups in enumerate(oracle.steps):
        (one,) = groups
        moved, slope = np.sqrt(one["moved_moved"]), np.sqrt(one["gradient_gradient"])
        elements = 5 * 7 + 7 + 7 * 3 + 3
        expected = {
            "effective": -one["moved_gradient"] / one["gradient_gradient"],
            "update_to_weight": moved / np.sqrt(one["weight_weight"]),
            "update_rms": moved / np.sqrt(elements),
            "gradient_norm": slope,
            "weight_norm": np.sqrt(one["weight_weight"]),
            "cosine": -one["moved_gradient"] / (moved * slope),
            "moved": one["elements_moved"] / elements,
        }
        for name, value in expected.items():
            got = getattr(found, name)[place]
            np.testing.assert_allclose(got, value, rtol=1e-9, err_msg=name)
    assert len(found) == 3
    assert (found.elements, found.looked_at) == (66, 66)
