"""Weight decay that is apart from the gradient, where weights are too coarse for it."""

import pytest
import torch

import lrscope


def trained(tmp_path, dtype, decay, **settings):
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(64, 64, dtype=dtype))
    optimizer = torch.optim.AdamW([weight], lr=1e-4, weight_decay=decay, **settings)
    plain = []
    with lrscope.record(tmp_path / "run", effective="every=1"):
        for _ in range(4):
            optimizer.zero_grad()
            weight.square().sum().backward()
            before, gradient = weight.detach().double(), weight.grad.double()
            optimizer.step()
            moved = weight.detach().double() - before
            plain.append(float(-(moved * gradient).sum() / gradient.square().sum()))
    [track] = lrscope.read_run(tmp_path / "run").main.tracks
    return track.measured, plain


def test_decay_that_rounding_swallows_is_not_added_back(tmp_path):
    measured, plain = trained(tmp_path, torch.bfloat16, 0.1)
    assert measured.effective == pytest.approx(plain, rel=1e-9)


def test_decay_that_takes_place_is_not_counted_as_movement(tmp_path):
    measured, plain = trained(tmp_path, torch.float32, 0.1)
    without, _ = trained(tmp_path / "without", torch.float32, 0.0)
    assert (measured.effective < plain).all()
    assert measured.effective == pytest.approx(without.effective, rel=1e-3)


def test_a_step_that_does_not_move_a_weight_has_no_effective_rate(tmp_path):
    measured, _ = trained(tmp_path, torch.bfloat16, 0.5, eps=1e6)
    assert measured.moved.max() == 0.0
    assert measured.effective == pytest.approx([0.0] * 4, abs=0.0)
