"""``show`` says why × is not 1, and says nothing that is not so."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.optim import LBFGS, SGD, AdamW, RAdam, Rprop

import lrscope
from lrscope.audit.audit import audit_run
from lrscope.report.page import page_of
from lrscope.report.steps import Steps

from .oracle import net, step


def of(name, parameters, **settings):
    """Make an optimizer of another library; skip where that is not installed."""
    module, _, kind = name.rpartition(".")
    return getattr(pytest.importorskip(module), kind)(parameters, **settings)


def because(run, steps=None):
    return [row.movement.because for row in page_of(run, steps=steps).rows]


def trained(make, steps=6):
    def run():
        model = net()
        optimizer = make(model.parameters())
        for _ in range(steps):
            step(optimizer, model)

    return run


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda p: Rprop(p, lr=0.01), "Rprop takes only the sign of each gradient"),
        (
            lambda p: of("pytorch_optimizer.Lion", p, lr=0.01),
            "Lion takes only a sign of each gradient: the smaller that is",
        ),
        (
            lambda p: of("pytorch_optimizer.DAdaptSGD", p),
            "DAdaptSGD multiplies lr by d = 1e-06",
        ),
        (
            lambda p: of("pytorch_optimizer.DAdaptAdam", p),
            "DAdaptAdam multiplies lr by d = 1e-06 and divides",
        ),
        (
            lambda p: of("pytorch_optimizer.DAdaptLion", p),
            "DAdaptLion multiplies lr by d = 1e-06 and takes only a sign",
        ),
    ],
    ids=["rprop", "lion", "dadaptsgd", "dadaptadam", "dadaptlion"],
)
def test_what_else_an_optimizer_makes_of_its_gradient_is_said(measured, make, told):
    _, run = measured(trained(make, steps=2))
    (found,) = because(run)
    assert told in found


def test_the_rate_of_lbfgs_is_said_to_mean_little(measured):
    def run():
        model = net()
        optimizer = LBFGS(model.parameters(), lr=0.5)
        values = torch.randn(6, 5)

        def closure():
            optimizer.zero_grad()
            loss = model(values).square().mean()
            loss.backward()
            return loss

        for _ in range(2):
            optimizer.step(closure)

    _, run = measured(run)
    (found,) = because(run)
    assert found.startswith("LBFGS goes a way of its own")
    assert "× means little" in found


def test_schedule_free_warms_up_and_then_averages(measured):
    def make(parameters):
        optimizer = of(
            "schedulefree.SGDScheduleFree", parameters, lr=0.1, warmup_steps=4
        )
        optimizer.train()
        return optimizer

    _, run = measured(trained(make, steps=8))
    (early,), (late,) = because(run, Steps(start=1, stop=3)), because(run)
    assert early.startswith("SGDScheduleFree warms up inside (to 0.075) and keeps")
    assert late.startswith("SGDScheduleFree keeps the weights between")


@pytest.mark.parametrize(
    ("relative", "scaled", "told"),
    [
        (True, True, "(its own step times the size of the weights)"),
        (True, False, "(its own step)"),
        (False, True, "(lr times the size of the weights)"),
        (False, False, "Adafactor divides each gradient by its usual size: the"),
    ],
)
def test_what_the_step_of_adafactor_is_made_of_is_said(
    measured, relative, scaled, told
):
    def make(parameters):
        return of(
            "transformers.optimization.Adafactor",
            parameters,
            lr=None if relative else 1e-3,
            relative_step=relative,
            scale_parameter=scaled,
        )

    _, run = measured(trained(make))
    (found,) = because(run)
    assert told in found
    internals = run.track("adafactor/all").internals
    assert ("step_size" in internals) == (relative or scaled), "else it is lr"


@pytest.mark.parametrize("beta", [0.999, 0.9])
def test_radam_does_not_divide_before_it_rectifies(measured, beta):
    _, run = measured(trained(lambda p: RAdam(p, lr=0.01, betas=(0.9, beta)), steps=12))
    (first, *_) = run.track("radam/all").internals["rectification"][0].tolist()
    assert first > 3
    for at in range(1, 12):  # the first is just lr
        (found,) = because(run, Steps(start=at, stop=at + 1))
        assert ("does not divide" in found) == (at < first), at
        assert ("divides each" in found) == (at >= first), at


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float32])
def test_updates_that_are_lost_to_rounding_are_the_reason(measured, kind):
    def run():
        torch.manual_seed(0)
        weight = nn.Parameter(torch.ones(200, dtype=kind))
        rate = 1e-4 if kind is torch.bfloat16 else 1e-9
        optimizer = AdamW([weight, nn.Parameter(torch.zeros(3, dtype=kind))], lr=rate)
        for _ in range(3):
            optimizer.zero_grad()
            (weight.sum() + optimizer.param_groups[0]["params"][1].sum()).backward()
            optimizer.step()

    _, run = measured(run)
    (found,) = because(run)
    assert found == (
        "most updates are too small for the weights, and lost to rounding in "
        + str(kind).removeprefix("torch.")
    )


def test_few_elements_that_had_a_gradient_are_not_lost_to_rounding(measured):
    def run():
        table = nn.Embedding(100, 4)
        optimizer = SGD(table.parameters(), lr=0.1, momentum=0.9)
        for at in range(4):
            optimizer.zero_grad()
            table(torch.tensor([at % 2])).sum().backward()
            optimizer.step()

    _, run = measured(run)
    (found,) = because(run)
    assert found.startswith("SGD adds up past gradients")


def in_turn():
    one, other = net(), net(seed=1)
    groups = [
        {"params": one.parameters(), "name": "even"},
        {"params": other.parameters(), "name": "odd"},
        {"params": [nn.Parameter(torch.ones(4))], "name": "idle"},
    ]
    optimizer = AdamW(groups, weight_decay=0.0)
    for at in range(9):
        step(optimizer, other if at % 2 else one)


@pytest.mark.parametrize("every", [1, 4])
def test_a_group_that_is_trained_in_turn_has_no_gradient_at_this_step(measured, every):
    _, run = measured(in_turn, effective=f"every={every}")
    assert because(run)[1:] == ["no gradient at this step", "no gradient"]


def test_a_sample_without_gradient_is_not_a_group_without(measured):
    def run():
        torch.manual_seed(0)
        table = nn.Embedding(50_000, 64)
        optimizer = SGD(table.parameters(), lr=0.1)
        for _ in range(12):
            optimizer.zero_grad()
            table(torch.randint(0, 50_000, (4,))).sum().backward()
            optimizer.step()

    _, run = measured(run)
    found = run.track("all").measured
    (at, *_) = found.steps[found.gradient_norm == 0].tolist()
    (told,) = because(run, Steps(start=at, stop=at + 1))
    assert told == "no gradient in the sample that is measured"


def test_a_group_without_elements_is_told_as_such_and_not_audited(measured, recwarn):
    def run():
        model = net()
        optimizer = AdamW(
            [
                {"params": model.parameters(), "name": "net"},
                {"params": [nn.Parameter(torch.zeros(0))], "name": "empty"},
            ]
        )
        for _ in range(8):
            step(optimizer, model)

    _, run = measured(run)
    found = run.track("empty").measured
    for name in ("moved", "update_rms", "effective", "update_to_weight", "cosine"):
        assert getattr(found, name).tolist() == pytest.approx(
            [float("nan")] * 8, nan_ok=True
        )
    assert because(run)[1] == "it has no elements here"
    findings = audit_run(run).findings
    assert not [each for each in findings if each.group == "empty"]
    assert not list(recwarn)


def test_what_is_not_measured_is_named_with_its_group_and_once(measured):
    def run():
        torch.manual_seed(0)
        weight = nn.Parameter(torch.ones(4))
        whole = nn.Parameter(torch.ones(4, dtype=torch.int64), requires_grad=False)
        optimizer = SGD([{"params": [weight, whole], "name": "some"}], lr=0.1)
        for at in range(6):
            if at in (2, 4):
                more = {"params": [nn.Parameter(torch.ones(2))], "name": f"more{at}"}
                optimizer.add_param_group(more)
            weight.square().sum().backward()
            optimizer.step()

    _, run = measured(run)
    told = [each for each in page_of(run).remarks if "not measured" in each]
    assert told == ["sgd/some: parameter1 is not measured: its numbers are torch.int64"]


def without_backward():
    weight = nn.Parameter(torch.ones(4))
    optimizer = SGD([weight], lr=0.1)
    for _ in range(3):
        (weight.grad,) = torch.autograd.grad(weight.square().sum(), weight)
        optimizer.step()
    lrscope.log(accuracy=1.0)


def test_where_there_is_no_loss_it_is_said_how_to_get_one(measured, recorded):
    def logging():
        without_backward()
        lrscope.log(loss=1.0)

    _, run = measured(without_backward)
    (told,) = page_of(run).remarks
    assert told.startswith("no loss: backward() was not called on a single number")
    for silent in (
        measured(logging)[1],
        recorded(without_backward)[1],
        measured(trained(lambda p: SGD(p, lr=0.1)))[1],
    ):
        assert page_of(silent).remarks == ()
