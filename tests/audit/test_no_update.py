"""An optimizer that never updates is told of by what the run shows besides."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import lrscope
from lrscope.audit.finding import INFO, WARNING

from .verdict import audited

NAME = "every-update-skipped-silently"


def net():
    torch.manual_seed(0)
    return nn.Linear(4, 2), torch.randn(8, 4)


def told(path, step, updates=30):
    """Return what is said after a loop of steps."""
    with lrscope.record(path / "run"):
        for _ in range(updates):
            step()
    audit = audited(lrscope.read_run(path / "run"))
    return [each for each in audit.findings if each.name == NAME]


def cleared():
    """Clear gradients between backward() and step()."""
    model, data = net()
    optimizer = torch.optim.AdamW(model.parameters())

    def step():
        model(data).square().mean().backward()
        optimizer.zero_grad()
        optimizer.step()

    return step


def of_another_model():
    (model, data), (other, _) = net(), net()
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1)

    def step():
        model.zero_grad()
        model(data).square().mean().backward()
        optimizer.step()

    return step


@pytest.mark.parametrize("training", [cleared, of_another_model])
def test_a_training_without_any_update_is_a_warning(tmp_path, training):
    (found,) = told(tmp_path, training())
    assert found.severity == WARNING
    assert "zero_grad()" in found.fix
    assert found.evidence["ratios"]["backward_calls"] == 30
    assert found.message.endswith("updated parameters in 0")


def without_backward():
    """Step an optimizer of which nobody asks anything."""
    model, _ = net()
    return torch.optim.SGD(model.parameters(), lr=0.1).step


def beside_one_that_trains():
    model, data = net()
    frozen, _ = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    idle = torch.optim.SGD(frozen.parameters(), lr=0.1)

    def step():
        optimizer.zero_grad()
        model(data).square().mean().backward()
        optimizer.step()
        idle.step()

    return step


def only_to_carry_a_rate():
    """Move weights by hand, at the rate of an optimizer of one number."""
    model, data = net()
    carrier = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)

    def step():
        model(data).square().mean().backward()
        with torch.no_grad():
            for each in model.parameters():
                each.sub_(each.grad, alpha=carrier.param_groups[0]["lr"])
                each.grad = None
        carrier.step()

    return step


def with_a_model_that_is_replaced():
    """Go on with other parameters than those that the optimizer has."""
    model, data = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    models = [*[model] * 10, *[net()[0]] * 50]

    def step():
        optimizer.zero_grad()
        models.pop(0)(data).square().mean().backward()
        optimizer.step()

    return step


def test_a_training_that_stops_updating_is_a_warning_though_it_began(tmp_path):
    (found,) = told(tmp_path, with_a_model_that_is_replaced(), updates=60)
    assert found.severity == WARNING
    assert found.message.endswith("updated parameters in 10, none after call 9")


def test_steps_without_any_backward_are_told_what_is_missing(tmp_path):
    (found,) = told(tmp_path, without_backward())
    assert found.cause.endswith("backward() was never called")
    assert found.fix == "call loss.backward() before step()"


@pytest.mark.parametrize(
    "training", [without_backward, beside_one_that_trains, only_to_carry_a_rate]
)
def test_an_optimizer_that_idles_on_purpose_is_information(tmp_path, training):
    (found,) = told(tmp_path, training())
    assert found.severity == INFO
