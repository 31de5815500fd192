"""The loss that led to each step, and what a program logs beside it."""

from __future__ import annotations

import warnings
from collections import UserDict

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import LBFGS, SGD, Adam
from torch.utils.checkpoint import checkpoint

import lrscope
from lrscope.recording.events import LossesGivenUp

from .oracle import loss_of, net, step


def _trained(losses_of, steps=4, kind=SGD):
    """Return the losses of a training whose steps each call a function first."""
    model = net()
    optimizer = kind(model.parameters(), lr=0.01)
    found = []
    for index in range(steps):
        optimizer.zero_grad()
        found.append(losses_of(model, index))
        optimizer.step()
    return found


def _scalar(model, _):
    loss = loss_of(model)
    loss.backward()
    return loss.item()


def _one_element(model, _):
    loss = loss_of(model).reshape(1, 1)
    torch.autograd.backward(tensors=loss)
    return loss.item()


def _accumulated(model, _):
    losses = [loss_of(model) / 3 for _ in range(3)]
    for each in losses:
        each.backward()
    return sum(each.item() for each in losses) / 3


def _several(model, _):
    first, second = loss_of(model), loss_of(model)
    first.backward(retain_graph=True)
    second.backward()
    return (first.item() + second.item()) / 2


def _listed(model, _):
    losses = [loss_of(model), loss_of(model)]
    torch.autograd.backward(losses)
    return sum(each.item() for each in losses)


def _checkpointed_with_gradients(model, _):
    values = torch.randn(6, 5, requires_grad=True)
    loss = checkpoint(model, values, use_reentrant=True).square().mean()
    loss.backward()
    return loss.item()


def _not_a_number(model, index):
    loss = loss_of(model) * (float("nan") if index == 3 else 1.0)
    loss.backward()
    return loss.item()


def _half(model, _):
    loss = loss_of(model).bfloat16()
    loss.backward()
    return loss.item()


WAYS = [
    _scalar, _one_element, _accumulated, _several, _listed, _checkpointed_with_gradients,
    _not_a_number, _half,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda each: each.__name__.strip("_"))
def test_the_loss_of_a_step_is_what_backward_was_called_on(measured, way):
    losses, run = measured(_trained, way)
    np.testing.assert_allclose(run.track("sgd/all").loss, losses, rtol=1e-12)


def test_a_backward_with_a_gradient_of_many_numbers_has_no_loss(measured):
    def shaped(model, _):
        output = model(torch.randn(6, 5))
        output.backward(gradient=torch.ones_like(output))

    _, run = measured(_trained, shaped)
    assert np.isnan(run.track("sgd/all").loss).all()
    assert len(run.track("sgd/all").measured) == 4


def test_steps_that_follow_one_backward_call_share_its_loss(measured):
    def run():
        model = net()
        optimizers = [
            SGD(model[0].parameters(), lr=0.1),
            Adam(model[2].parameters(), lr=0.1),
        ]
        losses = []
        for _ in range(3):
            for each in optimizers:
                each.zero_grad()
            loss = loss_of(model)
            loss.backward()
            losses.append(loss.item())
            for each in optimizers:
                each.step()
        return losses

    losses, run = measured(run)
    for track in run.main.tracks:
        np.testing.assert_allclose(track.loss, losses, rtol=1e-12)


def test_each_of_two_optimizers_in_turns_has_its_own_loss(measured):
    def run():
        models = [net(), net(seed=1)]
        optimizers = [
            SGD(each.parameters(), lr=0.1 + n) for n, each in enumerate(models)
        ]
        return [
            [step(o, model) for o, model in zip(optimizers, models, strict=True)]
            for _ in range(3)
        ]

    losses, run = measured(run)
    for track, own in zip(run.main.tracks, zip(*losses, strict=True), strict=True):
        np.testing.assert_allclose(track.loss, own, rtol=1e-12)


def test_of_a_closure_it_is_the_mean_over_its_evaluations(measured):
    def run():
        model = net()
        optimizer = LBFGS(model.parameters(), lr=0.3, max_iter=3)
        values = torch.randn(6, 5)
        found = []

        def closure():
            optimizer.zero_grad()
            loss = model(values).square().mean()
            loss.backward()
            found[-1].append(loss.item())
            return loss

        for _ in range(3):
            found.append([])
            optimizer.step(closure)
        return [np.mean(each) for each in found]

    losses, run = measured(run)
    np.testing.assert_allclose(run.track("lbfgs/all").loss, losses, rtol=1e-12)


def _plain(scaler, one, _):
    scaler.scale(one).backward()
    return one.item()


def _divided(scaler, one, _):
    (scaler.scale(one) / 4).backward()
    return one.item() / 4


def _kept_and_divided(scaler, one, _):
    kept = scaler.scale(one)
    (kept / 4).backward()
    return one.item() / 4


def _two(scaler, *losses):
    for each in losses:
        scaler.scale(each).backward()
    return sum(each.item() for each in losses) / 2


def _listed(scaler, *losses):
    for each in scaler.scale(list(losses)):
        each.backward()
    return sum(each.item() for each in losses) / 2


def _added(scaler, one, other):
    (scaler.scale(one) + scaler.scale(other)).backward()
    return one.item() + other.item()


def _not_all_scaled(scaler, one, other):
    scaler.scale(one).backward()
    other.backward()
    return (one.item() + other.item()) / 2


def _another_between(scaler, one, other):
    kept = scaler.scale(one)
    other.backward()
    kept.backward()
    return (one.item() + other.item()) / 2


WAYS = [
    _plain, _divided, _kept_and_divided, _two, _listed, _added, _not_all_scaled,
    _another_between,
]  # fmt: skip


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_a_scaled_loss_is_told_without_its_factor(measured, way, enabled):
    def run():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.01)
        scaler = torch.amp.GradScaler(
            "cpu", init_scale=512.0, growth_interval=2, enabled=enabled
        )
        losses = []
        for _ in range(5):
            optimizer.zero_grad()
            losses.append(way(scaler, loss_of(model), loss_of(model)))
            scaler.step(optimizer)
            scaler.update()
        return losses

    losses, run = measured(run)
    np.testing.assert_allclose(run.track("sgd/all").loss, losses, rtol=1e-5)


class Strange(torch.Tensor):
    """A tensor that cannot be read."""

    def is_complex(self):
        return self.is_floating_point()

    def is_floating_point(self):
        msg = "not to be asked"
        raise TypeError(msg)


def test_a_loss_that_cannot_be_read_is_given_up_and_training_goes_on(measured, capfd):
    def strange(model, _):
        loss_of(model).as_subclass(Strange).backward()

    _, run = measured(_trained, strange)
    (given_up,) = run.main.history.of(LossesGivenUp)
    assert "not to be asked" in given_up.why
    assert np.isnan(run.track("sgd/all").loss).all()
    assert len(run.track("sgd/all").measured) == 4
    assert not capfd.readouterr().err


def test_what_a_program_logs_is_read_back_in_order(tmp_path):
    weight = nn.Parameter(torch.ones(2))
    optimizer = SGD([weight], lr=0.1)
    lrscope.log(accuracy=0.0)  # nobody listens
    with lrscope.record(tmp_path / "run"):
        lrscope.log(accuracy=0.25)
        for index in range(3):
            weight.grad = torch.ones(2)
            optimizer.step()
            lrscope.log(accuracy=torch.tensor(index / 4), epoch=index)
        lrscope.log(accuracy=np.float32(0.5), epoch=np.array([7]), best=True)
    values = lrscope.read_run(tmp_path / "run").main.values
    assert values["accuracy"].values.tolist() == [0.25, 0.0, 0.25, 0.5, 0.5]
    assert values["accuracy"].rows.tolist() == [0, 2, 5, 8, 10]
    assert values["epoch"].values.tolist() == [0, 1, 2, 7]
    assert values["best"].values.tolist() == [1.0]
    assert sorted(values) == ["accuracy", "best", "epoch"]


def test_a_mapping_is_logged_as_keywords_are_and_both_may_be_given(tmp_path):
    with lrscope.record(tmp_path / "run"):
        lrscope.log({"val/loss": 1.0, "class": 2})
        step(SGD((model := net()).parameters(), lr=0.1), model)
        lrscope.log({"val/loss": torch.tensor(0.5)}, epoch=1, self=3)
        lrscope.log(UserDict({"val/loss": 0.25}), values=4)
        lrscope.log({})
        lrscope.log()
    values = lrscope.read_run(tmp_path / "run").main.values
    assert {name: each.values.tolist() for name, each in values.items()} == {
        "val/loss": [1.0, 0.5, 0.25],
        "class": [2.0],
        "epoch": [1.0],
        "self": [3.0],
        "values": [4.0],
    }


class Broken(dict):
    """A mapping that cannot be read."""

    def items(self):
        msg = "not to be asked"
        raise RuntimeError(msg)

    def __repr__(self):
        return self.items()


NO_NUMBERS = [5, None, "ab", ["ab"], {1: 2.0}, {"a": "b"}, {None: {}}, Broken(a=1)]


@pytest.mark.parametrize("given", NO_NUMBERS, ids=lambda each: type(each).__name__)
def test_what_is_no_mapping_of_numbers_is_left_out_and_the_rest_is_logged(
    tmp_path, given
):
    with lrscope.record(tmp_path / "run"):
        with pytest.warns(UserWarning, match="lrscope.log takes numbers") as warned:
            lrscope.log(given, {"also": 2.0}, good=1.0)
        step(SGD((model := net()).parameters(), lr=0.1), model)
    assert [each.filename for each in warned] == [__file__]
    assert list(lrscope.read_run(tmp_path / "run").main.values) == ["also", "good"]


@pytest.mark.parametrize("given", NO_NUMBERS, ids=lambda each: type(each).__name__)
def test_where_warnings_are_errors_a_training_goes_on(tmp_path, given):
    with lrscope.record(tmp_path / "run"), warnings.catch_warnings():
        warnings.simplefilter("error")
        lrscope.log(given, bad="x")


@pytest.mark.parametrize("given", NO_NUMBERS, ids=lambda each: type(each).__name__)
def test_without_a_recorder_at_work_nothing_is_looked_at(tmp_path, given):
    with lrscope.record(tmp_path / "run"):
        pass
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        lrscope.log(given, bad="x")
    assert not warned


@pytest.mark.parametrize(
    "value",
    ["0.3", None, torch.ones(2), torch.tensor(1j), [1.0], {}, b"1", torch.empty(0)],
    ids=repr,
)
def test_what_is_no_number_is_left_out_with_a_warning(tmp_path, value):
    with lrscope.record(tmp_path / "run"):
        with pytest.warns(UserWarning, match="lrscope.log takes numbers") as warned:
            lrscope.log(bad=value, good=1.0)
        step(SGD((model := net()).parameters(), lr=0.1), model)
    assert [each.filename for each in warned] == [__file__]
    assert list(lrscope.read_run(tmp_path / "run").main.values) == ["good"]


def test_a_tensor_that_cannot_be_read_ends_neither_program_nor_recording(
    tmp_path, capfd
):
    with lrscope.record(tmp_path / "run"):
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        step(optimizer, model)
        lrscope.log(far=torch.zeros((), device="meta"))
        with pytest.warns(UserWarning, match="lrscope.log takes numbers"):
            lrscope.log(odd=torch.ones(1).as_subclass(Strange))
        step(optimizer, model)
    assert len(lrscope.read_run(tmp_path / "run").track("sgd/all")) == 2
    assert not capfd.readouterr().err


def test_a_logged_loss_and_that_of_backward_are_not_mixed_up(measured):
    def run():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        losses = []
        for _ in range(3):
            losses.append(step(optimizer, model))
            lrscope.log(loss=1000.0)
        return losses

    losses, run = measured(run)
    np.testing.assert_allclose(run.track("sgd/all").loss, losses, rtol=1e-12)
    assert run.main.values["loss (logged)"].values.tolist() == [1000.0] * 3
