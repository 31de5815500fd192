"""A property that raises harms neither the training nor what is recorded of it."""

from __future__ import annotations

import sys

import pytest
from torch.optim.lr_scheduler import ExponentialLR

import lrscope

from .contents import told
from .trainings import Strange, net, train


@pytest.mark.parametrize("kind", [AttributeError, ValueError, MemoryError])
def test_a_property_that_raises_once_is_looked_at_again(record, kind):
    def training():
        model = net()
        optimizer = Strange(model.parameters(), lr=0.1)
        scheduler = ExponentialLR(optimizer, 0.5)
        train(model, optimizer, scheduler, steps=3)
        optimizer.trouble = kind("for the test")
        optimizer.step()
        scheduler.step()
        train(model, optimizer, scheduler, steps=3)

    [track] = record(training).tracks
    assert track.applied.tolist() == [0.1 * 0.5**n for n in range(7)]


def test_a_property_that_raises_for_all_but_torch_is_dealt_with_as_in_python(
    tmp_path, in_python, capfd
):
    class Private(Strange):
        private = False

        @property
        def param_groups(self):
            if self.private and sys._getframe(1).f_code.co_name not in {
                "step",
                "zero_grad",
            }:
                raise AttributeError("private")
            return self.groups

        @param_groups.setter
        def param_groups(self, groups):
            self.groups = groups

    def training():
        model = net()
        optimizer = Private(model.parameters(), lr=0.1)
        train(model, optimizer, steps=3)
        optimizer.private = True
        train(model, optimizer, steps=3)
        return [each.tolist() for each in model.parameters()]

    with lrscope.record(tmp_path / "c"):
        in_c = training()
    told_in_c = capfd.readouterr().err
    with in_python(), lrscope.record(tmp_path / "python"):
        assert training() == in_c
    told_in_python = capfd.readouterr().err
    assert "lrscope: recording stopped (AttributeError: private)" in told_in_c
    assert told_in_c.replace("c\n", "") == told_in_python.replace("python\n", "")
    [[left], [right]] = [told(tmp_path / name) for name in ("c", "python")]
    assert left["tracks"] == right["tracks"]
