"""What only torch itself can show: weights that really stay, and really move."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import lrscope
from audit.verdict import audited, loud
from lrscope.audit.finding import INFO, WARNING

STAYS = "group-does-not-move"
FROZEN = "frozen-group-moves"
RANGE = "update-to-weight-out-of-range"


class Net(nn.Module):
    def __init__(self, dtype=torch.float32):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Linear(16, 64, dtype=dtype)
        self.head = nn.Linear(64, 4, dtype=dtype)
        self.data = torch.randn(32, 16, dtype=dtype)
        self.wanted = torch.randn(32, 4, dtype=dtype)

    def groups(self):
        return [
            {"params": list(self.body.parameters()), "name": "body"},
            {"params": list(self.head.parameters()), "name": "head"},
        ]

    def loss(self):
        return (self.head(self.body(self.data).tanh()) - self.wanted).square().mean()


def plainly(net, optimizer):
    optimizer.zero_grad()
    net.loss().backward()
    optimizer.step()


def measured(path, net, optimizer, updates=40, train=plainly):
    """Train with every step measured, and return the audit."""
    with lrscope.record(path / "run", effective="every=1"):
        for update in range(updates):
            train(net, optimizer(update) if callable(optimizer) else optimizer)
    return audited(lrscope.read_run(path / "run"))


def found(audit, name):
    return [each for each in audit.findings if each.name == name]


def halved(rate):
    net = Net(torch.bfloat16)
    return net, torch.optim.AdamW(net.groups(), lr=rate, weight_decay=0.0)


def test_updates_that_bfloat16_cannot_hold_are_named(tmp_path):
    audit = measured(tmp_path, *halved(1e-6))
    assert [each.group for each in found(audit, STAYS)] == ["body", "head"]
    finding = found(audit, STAYS)[0]
    assert finding.severity == WARNING
    assert "bfloat16" in finding.cause
    assert finding.evidence["moved_share"] < 0.02
    assert finding.evidence["with_gradient"] > 0.9


def test_a_rate_that_bfloat16_can_hold_is_not(tmp_path):
    assert not found(measured(tmp_path, *halved(1e-3)), STAYS)


class Kahan(torch.optim.SGD):
    """Keeps in float32 what bfloat16 loses, as optimizers made for it do."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for each in group["params"]:
                whole = self.state[each].setdefault("whole", each.float())
                whole -= group["lr"] * each.grad.sign()
                each.copy_(whole)


def test_rests_that_are_kept_in_float32_are_no_loss(tmp_path):
    net = Net(torch.bfloat16)
    optimizer = Kahan(net.groups(), lr=3e-5)
    assert not found(measured(tmp_path, net, optimizer, 200), STAYS)


def cleared(net, optimizer):
    net.loss().backward()
    optimizer.zero_grad(set_to_none=False)
    optimizer.step()


def test_gradients_that_are_cleared_before_the_step_are_said_once(tmp_path):
    net = Net()
    audit = measured(
        tmp_path, net, torch.optim.SGD(net.groups(), lr=0.1), train=cleared
    )
    (finding,) = found(audit, STAYS)
    assert finding.severity == WARNING
    assert finding.group is None


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD])
def test_weights_that_nothing_but_decay_moves_do_not_train(tmp_path, kind):
    net = Net()
    optimizer = kind(net.groups(), lr=1e-2, weight_decay=0.1)
    audit = measured(tmp_path, net, optimizer, train=cleared)
    (finding,) = found(audit, STAYS)
    assert (finding.severity, finding.group) == (WARNING, None)
    assert "weight decay" in finding.message
    assert "set_to_none" not in finding.fix
    assert not found(audit, FROZEN)


def test_gradients_at_other_updates_are_no_mistake(tmp_path):
    """Weights that decay at measured updates may train at the others."""
    net = Net()
    optimizer = torch.optim.AdamW(net.groups(), lr=1e-2, weight_decay=0.1)
    path = tmp_path / "run"
    with lrscope.record(path, effective="every=2"):
        for update in range(80):
            (plainly if update % 2 else cleared)(net, optimizer)
    assert not found(audited(lrscope.read_run(path)), STAYS)


def test_layers_that_are_frozen_on_purpose_are_information(tmp_path):
    net = Net()
    net.body.requires_grad_(requires_grad=False)
    optimizer = torch.optim.AdamW(net.groups(), lr=1e-3)
    (finding,) = found(measured(tmp_path, net, optimizer), STAYS)
    assert (finding.group, finding.severity) == ("body", INFO)


def masked(net, optimizer):
    optimizer.zero_grad()
    net.loss().backward()
    for each in net.body.parameters():
        each.grad.zero_()
    optimizer.step()


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD])
def test_weight_decay_of_masked_gradients_is_found(tmp_path, kind):
    net = Net()
    optimizer = kind(net.groups(), lr=1e-2, weight_decay=1e-2)
    (finding,) = found(measured(tmp_path, net, optimizer, train=masked), FROZEN)
    assert (finding.group, finding.severity) == ("body", WARNING)
    before, after = finding.evidence["length_of_weights"]
    assert after < before


def test_masked_gradients_without_decay_move_nothing(tmp_path):
    net = Net()
    optimizer = torch.optim.SGD(net.groups(), lr=1e-2, momentum=0.9)
    assert not loud(measured(tmp_path, net, optimizer, train=masked))


@pytest.mark.parametrize(("to_none", "moves"), [(False, True), (True, False)])
def test_momentum_moves_layers_frozen_in_the_middle(tmp_path, to_none, moves):
    net = Net()
    optimizer = torch.optim.SGD(net.groups(), lr=1e-2, momentum=0.9)

    def train(net, optimizer):
        optimizer.zero_grad(set_to_none=to_none)
        net.loss().backward()
        optimizer.step()

    def freezing(update):
        net.body.requires_grad_(update < 20)
        return optimizer

    audit = measured(tmp_path, net, freezing, 60, train)
    assert bool(found(audit, FROZEN)) == moves
    if moves:
        assert "from update 20 on" in found(audit, FROZEN)[0].message
        assert "momentum" in found(audit, FROZEN)[0].cause


def unhooked(net, optimizer):
    """Do as LR902 says: no grad at all when step() runs."""
    optimizer.zero_grad()
    net.loss().backward()
    for each in net.body.parameters():
        each.grad = None
    optimizer.step()


def frozen_and_cleared(net, optimizer):
    """Do as it says in another way."""
    net.body.requires_grad_(requires_grad=False)
    optimizer.zero_grad(set_to_none=True)
    net.loss().backward()
    optimizer.step()


@pytest.mark.parametrize("fixed", [unhooked, frozen_and_cleared])
def test_what_it_says_to_do_about_a_frozen_group_helps(tmp_path, fixed):
    net = Net()
    optimizer = torch.optim.AdamW(net.groups(), lr=1e-2, weight_decay=1e-2)
    (told,) = found(measured(tmp_path / "a", net, optimizer, train=masked), FROZEN)
    assert "grad = None" in told.fix
    assert "zero_grad(set_to_none=True)" in told.fix
    assert not loud(measured(tmp_path / "b", net, optimizer, train=fixed))


@pytest.mark.parametrize(("rate", "far"), [(1e-8, "less"), (1e-3, None), (0.3, "more")])
def test_a_rate_of_the_wrong_size_is_seen_in_the_weights(tmp_path, rate, far):
    net = Net()
    optimizer = torch.optim.Adam(net.groups(), lr=rate, betas=(0.0, 0.9))
    audit = measured(tmp_path, net, optimizer)
    assert {each.severity for each in found(audit, RANGE)} == ({INFO} if far else set())
    assert all(f"far {far}" in each.message for each in found(audit, RANGE))
