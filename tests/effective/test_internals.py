"""What optimizers multiply their rate by inside a step is recorded by name."""

from __future__ import annotations

import importlib
import math
import sys
import types
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.optim import SGD, Adafactor, AdamW, Muon

from lrscope.capture.effective.formulas import AFTER, BEFORE
from lrscope.recording.events import InternalRateGivenUp

from .oracle import net, step

STEPS = 8


def found(name):
    """Return a class of another library, without what the library imports."""
    module, _, attribute = name.rpartition(".")
    package = module.partition(".")[0]
    spec = find_spec(package)
    if spec is None:
        pytest.skip(f"{package} is not installed")
    if package == "timm":
        place = Path(spec.submodule_search_locations[0])
        with pytest.MonkeyPatch.context() as patched:
            for stub, path in (("timm", place), ("timm.optim", place / "optim")):
                package = types.ModuleType(stub)
                package.__path__ = [str(path)]
                patched.setitem(sys.modules, stub, package)
            return getattr(importlib.import_module(module), attribute)
    return getattr(importlib.import_module(module), attribute)


def weight_of(*shape):
    torch.manual_seed(1)
    return torch.nn.Parameter(torch.randn(shape, dtype=torch.float64))


def train(optimizer, *, seen=lambda: None):
    """Take steps with random gradients; return what was seen before each."""
    torch.manual_seed(2)
    found = []
    for _ in range(STEPS):
        for group in optimizer.param_groups:
            for each in group["params"]:
                if each.requires_grad:
                    each.grad = torch.randn_like(each)
        found.append(seen())
        optimizer.step()
    return found


@pytest.mark.parametrize(
    "name", ["transformers.optimization.Adafactor", "timm.optim.adafactor.Adafactor"]
)
def test_adafactor_steps_by_its_relative_step_times_the_size_of_weights(measured, name):
    kind, weights = found(name), [weight_of(3, 4), weight_of(6)]

    def sizes():
        return [each.detach().square().mean().sqrt().item() for each in weights]

    before, run = measured(lambda: train(kind(weights), seen=sizes))
    steps, values = run.track("adafactor/all").internals["step_size"]
    assert steps.tolist() == list(range(STEPS))
    means = np.average(before, axis=1, weights=[12, 6])
    expected = [min(0.01, (at + 1) ** -0.5) * mean for at, mean in enumerate(means)]
    np.testing.assert_allclose(values, expected, rtol=1e-6)


def test_adafactor_of_torch_lowers_its_rate_by_the_step(measured):
    _, run = measured(lambda: train(Adafactor([weight_of(3, 4)], lr=0.5)))
    _, values = run.track("adafactor/all").internals["relative_step"]
    expected = [min(0.5, t**-0.5) for t in range(1, STEPS + 1)]
    np.testing.assert_allclose(values, expected, rtol=1e-15)


@pytest.mark.parametrize("name", ["torch.optim.RAdam", "pytorch_optimizer.RAdam"])
def test_radam_rectifies_by_what_its_movement_shows(measured, name):
    weight, beta = weight_of(1), (0.0, 0.99)
    optimizer = found(name)([weight], lr=0.01, betas=beta, eps=1e-30)
    weights = []

    def run():
        train(optimizer, seen=lambda: weights.append(weight.item()))
        weights.append(weight.item())

    _, run = measured(run)
    steps, values = run.track("radam/all").internals["rectification"]
    assert steps.tolist() == list(range(5, STEPS))  # before, it waits
    torch.manual_seed(2)
    gradients = [torch.randn_like(weight).item() for _ in range(STEPS)]
    square = 0.0
    for at, gradient in enumerate(gradients):
        square = 0.99 * square + 0.01 * gradient**2
        if at >= 5:
            adam = 0.01 * gradient / math.sqrt(square / (1 - 0.99 ** (at + 1)))
            ratio = (weights[at] - weights[at + 1]) / adam
            np.testing.assert_allclose(values[at - 5], ratio, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("timm.optim.lars.Lars", {"trust_coeff": 0.1}),
        ("timm.optim.lars.Lars", {"trust_coeff": 2.0, "trust_clip": True}),
        ("pytorch_optimizer.LARS", {"trust_coefficient": 0.1}),
    ],
    ids=["timm", "timm clipped", "pytorch_optimizer"],
)
def test_lars_trusts_by_what_its_movement_shows(measured, name, settings):
    kind, weight, states = found(name), weight_of(3, 4), []

    def look():
        states.append((weight.detach().clone(), weight.grad.clone()))

    def run():
        made = kind([weight], lr=0.5, momentum=0, weight_decay=0.1, **settings)
        train(made, seen=look)
        look()

    _, run = measured(run)
    _, values = run.track("lars/all").internals["trust_ratio"]
    for value, (old, slope), (new, _) in zip(values, states, states[1:], strict=False):
        direction = 0.5 * (slope + 0.1 * old)
        ratio = (old - new).norm() / direction.norm()
        np.testing.assert_allclose(value, ratio.item(), rtol=1e-5)


def test_lars_without_decay_is_sgd_and_trusts_nothing(measured):
    kind = found("timm.optim.lars.Lars")
    _, run = measured(lambda: train(kind([weight_of(3, 4)], lr=0.5)))
    assert run.track("lars/all").internals == {}


def test_a_trust_ratio_in_the_state_is_the_mean_over_the_elements(measured):
    kind, weights = found("pytorch_optimizer.Lamb"), [weight_of(3, 4), weight_of(6)]

    def run():
        optimizer = kind(weights, lr=0.01)
        train(optimizer)
        return [float(optimizer.state[each]["trust_ratio"]) for each in weights]

    ratios, run = measured(run)
    _, values = run.track("lamb/all").internals["trust_ratio"]
    np.testing.assert_allclose(values[-1], np.average(ratios, weights=[12, 6]))


@pytest.mark.parametrize(
    ("way", "ratios"),
    [(None, (2, 1)), ("match_rms_adamw", (0.2 * math.sqrt(8), 0.2 * math.sqrt(2)))],
)
def test_muon_adjusts_its_rate_to_the_shape(measured, way, ratios):
    weights = [weight_of(8, 2), weight_of(2, 2)]
    _, run = measured(lambda: train(Muon(weights, lr=0.1, adjust_lr_fn=way)))
    _, values = run.track("muon/all").internals["adjusted_lr"]
    mean = np.average(ratios, weights=[16, 4])
    np.testing.assert_allclose(values, [0.1 * mean] * STEPS)


def test_prodigy_multiplies_by_the_d_that_the_step_found(measured):
    optimizer = found("prodigyopt.Prodigy")([weight_of(3)])

    def d():
        return optimizer.param_groups[0]["d"]

    before, run = measured(lambda: train(optimizer, seen=d))
    assert run.track("prodigy/all").internals["d"][1].tolist() == before


def test_schedule_free_uses_the_rate_that_the_step_warmed_up(measured):
    kind = found("schedulefree.SGDScheduleFree")

    def run():
        optimizer = kind([weight_of(3)], lr=0.1, warmup_steps=4)
        optimizer.train()
        train(optimizer)

    _, run = measured(run)
    _, values = run.track("sgdschedulefree/all").internals["scheduled_lr"]
    expected = [0.1 * min(1, (at + 1) / 4) for at in range(STEPS)]
    np.testing.assert_allclose(values, expected)


@pytest.mark.parametrize("kind", [SGD, AdamW])
def test_optimizers_that_use_their_rate_as_it_is_have_none(measured, kind):
    _, run = measured(lambda: train(kind([weight_of(3)], lr=0.1)))
    assert run.track(f"{kind.__name__.lower()}/all").internals == {}


def test_each_group_has_its_own_at_the_steps_that_updated_it(measured):
    weights = [weight_of(4, 4), weight_of(4, 4)]
    groups = [
        {"params": [each], "lr": 0.1 * (at + 1)} for at, each in enumerate(weights)
    ]

    def run():
        optimizer = Muon(groups)
        optimizer.step()  # there are no gradients: nothing is updated
        train(optimizer)

    _, run = measured(run, effective="every=2")
    for name, rate in (("group0", 0.1), ("group1", 0.2)):
        steps, values = run.track(name).internals["adjusted_lr"]
        assert steps.tolist() == [1, 3, 5, 7]
        np.testing.assert_allclose(values, rate)


class Namesake(SGD):
    """Has what Adafactor has, and means something else."""

    def _get_lr(self, group):
        raise NotImplementedError


def test_what_cannot_be_read_is_left_out_and_noted_once(measured):
    def run():
        model = net()
        groups = [{"params": list(model.parameters()), "relative_step": 3}]
        optimizer = Namesake(groups, lr=0.1)
        optimizer.state[model[0].weight] = {"step": 1}
        return [step(optimizer, model) for _ in range(3)]

    losses, run = measured(run)
    track = run.track("namesake/all")
    assert (len(losses), len(track.measured), track.internals) == (3, 3, {})
    [event] = [e for e in run.main.events if isinstance(e, InternalRateGivenUp)]
    assert (event.optimizer, event.name) == (0, "step_size")
    assert "positional argument" in event.why


def test_reading_changes_neither_groups_nor_state(measured):
    kind = found("timm.optim.adafactor.Adafactor")

    def run():
        weight, frozen = weight_of(3, 4), weight_of(3).requires_grad_(False)
        optimizer = kind([{"params": [weight, frozen]}, {"params": [weight_of(2)]}])
        train(optimizer)
        return optimizer.state_dict(), weight

    (recorded, moved), _ = measured(run)
    plain, own = run()
    assert repr(recorded) == repr(plain)
    assert torch.equal(moved, own)


@pytest.mark.parametrize("reader", [*BEFORE.values(), *AFTER.values()])
def test_nothing_that_is_on_a_device_is_read(reader):
    weight = torch.nn.Parameter(torch.ones(2, 2, device="meta"))
    weight.grad = torch.ones(2, 2, device="meta")
    number = weight.grad.sum()
    group = {"params": [weight], "lr": number, "d": number, "scheduled_lr": number}
    group |= dict.fromkeys(["d0", "relative_step", "beta2_decay", "trust_coeff"], 1.0)
    group |= {"betas": (0.9, 0.9), "adjust_lr_fn": None}
    optimizer = torch.optim.RAdam([torch.nn.Parameter(torch.ones(1))])
    optimizer._get_lr = pytest.fail
    optimizer.state = {weight: {"step": number, "RMS": number, "trust_ratio": number}}
    assert reader(optimizer, group) is None  # .item() of it would raise
