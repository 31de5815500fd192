"""The metrics that a program gives a plateau scheduler stand among what it logged."""

from __future__ import annotations

import pytest
from torch.optim import SGD, lr_scheduler

import lrscope
from lrscope.report.page import page_of

from .oracle import net, step


def training(count=1):
    model = net()
    optimizers = [SGD(model.parameters(), lr=0.1) for _ in range(count)]
    plateaus = [lr_scheduler.ReduceLROnPlateau(each, factor=0.5) for each in optimizers]
    others = [lr_scheduler.StepLR(each, 100) for each in optimizers]
    for epoch in range(3):
        for optimizer, plateau, other in zip(optimizers, plateaus, others, strict=True):
            step(optimizer, model)
            step(optimizer, model)
            plateau.step(1.0 - epoch / 4)
            other.step()


def test_a_metric_is_logged_with_the_updates_before_it(recorded):
    _, run = recorded(training)
    name = "metric of ReduceLROnPlateau"
    found = run.track("sgd/all").logged(name)
    assert found.values.tolist() == [1.0, 0.75, 0.5]
    assert found.steps.tolist() == [2, 4, 6]
    shown = page_of(run).logged
    assert list(shown) == [name], "a StepLR has none"
    assert (shown[name].last, shown[name].step, shown[name].count) == (0.5, 6, 3)


def test_metrics_of_several_schedulers_are_told_apart(recorded):
    _, run = recorded(training, 2)
    logged = run.track("sgd1/all").logged
    assert logged("metric of ReduceLROnPlateau 1").steps.tolist() == [2, 4, 6]
    assert logged("metric of ReduceLROnPlateau 0").steps.tolist() == [0, 2, 4]


def test_an_epoch_that_a_scheduler_is_given_is_no_metric(recorded):
    def run():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        scheduler = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 4)
        for epoch in range(3):
            step(optimizer, model)
            scheduler.step(epoch + 0.5)

    _, run = recorded(run)
    assert page_of(run).logged == {}
    with pytest.raises(lrscope.errors.UsageError):
        run.track("sgd/all").logged("metric of CosineAnnealingWarmRestarts")
