"""Parameters of every kind and shape are measured, or named as not measured."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam

from lrscope.recording.events import MeasuringBegan, MeasuringGivenUp

from .oracle import Oracle, assert_measured, loss_of, net


def _stepped(weights, steps=3, lr=0.1, kind=SGD):
    optimizer = kind(weights, lr=lr)
    oracle = Oracle(optimizer)
    for index in range(steps):
        for number, each in enumerate(weights):
            torch.manual_seed(100 * index + number)
            each.grad = torch.randn_like(each)
        with oracle.looking():
            optimizer.step()
    return oracle


def _channels_last():
    return nn.Parameter(torch.randn(3, 4, 5, 6).to(memory_format=torch.channels_last))


def _view():
    return nn.Parameter(torch.randn(4, 100)[:, 10:20])


MAKERS = {
    "no dimension": lambda: nn.Parameter(torch.tensor(2.0)),
    "one of size 1": lambda: nn.Parameter(torch.randn(1, 7, 1)),
    "channels last": _channels_last,
    "transposed": lambda: nn.Parameter(torch.randn(5, 9).t()),
    "permuted": lambda: nn.Parameter(torch.randn(2, 3, 4).permute(2, 0, 1)),
    "a view with gaps": _view,
    "large, transposed": lambda: nn.Parameter(torch.randn(70, 30).t()),
    "float64": lambda: nn.Parameter(torch.randn(6, dtype=torch.float64)),
    "bfloat16": lambda: nn.Parameter(torch.randn(33).bfloat16()),
    "float16": lambda: nn.Parameter(torch.randn(33).half()),
    "complex64": lambda: nn.Parameter(torch.randn(4, 3, dtype=torch.complex64)),
    "complex128": lambda: nn.Parameter(torch.randn(7, dtype=torch.complex128).t()),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_each_kind_alone_is_measured_as_it_moved(measured, kind):
    def run():
        torch.manual_seed(0)
        return _stepped([MAKERS[kind]()])

    oracle, run = measured(run)
    assert_measured(run.track("sgd/all"), 0, oracle)


def test_all_kinds_in_one_group_add_up(measured):
    def run():
        torch.manual_seed(0)
        return _stepped([each() for each in MAKERS.values()])

    oracle, run = measured(run)
    assert_measured(run.track("sgd/all"), 0, oracle)


@pytest.mark.parametrize("layout", ["contiguous", "transposed", "view", "complex"])
def test_a_sample_takes_weight_and_gradient_from_the_same_places(measured, layout):
    def run():
        torch.manual_seed(0)
        weight = {
            "contiguous": lambda: torch.randn(300, 301),
            "transposed": lambda: torch.randn(300, 301).t(),
            "view": lambda: torch.randn(300, 700)[:, 3:304],
            "complex": lambda: torch.randn(300, 301, dtype=torch.complex64).t(),
        }[layout]()
        weight = nn.Parameter(weight)
        optimizer = SGD([weight], lr=0.1)
        for _ in range(2):
            # in memory not as the weight is
            weight.grad = torch.randn_like(
                weight, memory_format=torch.contiguous_format
            )
            optimizer.step()

    _, run = measured(run)
    found = run.track("sgd/all").measured
    assert found.looked_at < found.elements / 2
    np.testing.assert_allclose(found.effective, 0.1, rtol=1e-5)
    np.testing.assert_allclose(found.cosine, 1.0, rtol=1e-5)


@pytest.mark.parametrize("place", ["first", "last", "alone"])
def test_parameters_without_elements_are_no_trouble(measured, place):
    def run():
        torch.manual_seed(0)
        empty, full = nn.Parameter(torch.empty(0, 3)), nn.Parameter(torch.randn(4))
        weights = {"first": [empty, full], "last": [full, empty], "alone": [empty]}
        return _stepped(weights[place])

    oracle, run = measured(run)
    assert not list(run.main.history.of(MeasuringGivenUp))
    assert_measured(run.track("sgd/all"), 0, oracle)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_a_frozen_parameter_counts_as_one_that_does_not_move(measured, kind):
    def run():
        model = net()
        model[0].weight.requires_grad_(False)
        optimizer = kind(model.parameters(), lr=0.1)
        oracle = Oracle(optimizer)
        for _ in range(3):
            optimizer.zero_grad()
            loss_of(model).backward()
            with oracle.looking():
                optimizer.step()
        return oracle

    oracle, run = measured(run)
    track = run.main.tracks[0]
    assert_measured(track, 0, oracle)
    np.testing.assert_allclose(track.measured.sums.gradient_not_zero, 66 - 35)
    assert (track.measured.moved <= (66 - 35) / 66).all()


def test_in_bfloat16_updates_that_are_lost_are_seen_to_be_lost(measured):
    def run():
        weight = nn.Parameter(torch.ones(64, dtype=torch.bfloat16))
        optimizer = SGD([weight], lr=1e-4)
        weight.grad = torch.ones_like(weight)
        optimizer.step()

    _, run = measured(run)
    found = run.track("sgd/all").measured
    assert found.moved.tolist() == [0.0]
    assert found.effective.tolist() == [0.0]


def test_parameters_that_share_memory_are_measured_each(measured):
    def run():
        base = torch.randn(20)
        weights = [nn.Parameter(base[:12]), nn.Parameter(base[12:])]
        return _stepped(weights)

    oracle, run = measured(run)
    assert_measured(run.track("sgd/all"), 0, oracle)


@pytest.mark.parametrize("size", [5, 30_000])
def test_a_gradient_that_is_only_marked_as_conjugated_is_read_as_it_is(measured, size):
    def run():
        torch.manual_seed(0)
        weight = nn.Parameter(torch.randn(size, dtype=torch.complex64))
        optimizer = SGD([weight], lr=0.1, foreach=False)
        weight.grad = torch.randn(size, dtype=torch.complex64).conj()
        assert weight.grad.is_conj()
        optimizer.step()

    _, run = measured(run)
    np.testing.assert_allclose(run.track("sgd/all").measured.effective, 0.1, rtol=1e-5)


def test_integers_are_named_and_not_measured(measured):
    def run():
        counts = nn.Parameter(torch.arange(3), requires_grad=False)
        weight = nn.Parameter(torch.randn(3))
        optimizer = SGD([counts, weight], lr=0.1)
        weight.grad = torch.ones(3)
        optimizer.step()

    _, run = measured(run)
    (began,) = run.main.history.of(MeasuringBegan)
    assert [tuple(each) for each in began.left_out] == [
        (0, "parameter0", "its numbers are torch.int64")
    ]
    np.testing.assert_allclose(run.track("sgd/all").measured.effective, 0.1, rtol=1e-5)


class Strange(torch.Tensor):
    """A tensor that does not want to be looked at."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if getattr(function, "__name__", "") in {"view", "reshape", "as_strided"}:
            msg = "no views of me"
            raise TypeError(msg)
        return super().__torch_function__(function, types, args, kwargs or {})


def test_a_strange_tensor_ends_the_measuring_with_a_line_and_not_the_recording(
    measured, capfd
):
    def run():
        weight = torch.randn(5, 1).as_subclass(Strange).requires_grad_()
        plain = nn.Parameter(torch.randn(5))
        optimizers = [SGD([weight], lr=0.1), Adam([plain], lr=0.1)]
        for _ in range(4):
            for each in (weight, plain):
                each.grad = torch.ones(each.shape)
            for each in optimizers:
                each.step()

    _, run = measured(run)
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "SGD is not measured any more" in lines[0]
    assert "no views of me" in lines[0]
    (given_up,) = run.main.history.of(MeasuringGivenUp)
    assert "no views of me" in given_up.why
    assert run.track("sgd/all").measured is None
    assert len(run.track("sgd/all")) == 4
    assert len(run.track("adam/all").measured) == 4


def test_what_memory_does_not_allow_is_sampled_more_thinly():
    from lrscope.capture.effective import drawing

    weights = [nn.Parameter(torch.empty(16_000)) for _ in range(700)]
    for each in (weights, [nn.Parameter(torch.empty(3_000_000, device="meta"))]):
        made = drawing.Drawing(
            [{"params": each}], [0], first=0, by_parameter=False, refused={}
        )
        looked = sum(part.measured for part in made.parts)
        assert looked * drawing.BYTES_EACH <= drawing.MOST_BYTES
    assert 700 * 16_000 * drawing.BYTES_EACH > drawing.MOST_BYTES
