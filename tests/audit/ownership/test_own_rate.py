"""Whether an optimizer works its rate out itself depends on how it is set."""

from __future__ import annotations

import pytest
from torch.optim import SGD

from .training import Net, judged, train

NAME = "optimizer-computes-its-own-lr"


class Adafactor(SGD):
    """Stands for the one of transformers, which has these settings."""

    def __init__(self, params, lr, **settings):
        super().__init__([{"params": list(params), **settings}], lr=0.1)
        self.param_groups[0]["lr"] = lr

    def step(self):
        """Move nothing: only what the groups hold is of interest."""


def told(path, lr, **settings):
    def story():
        model = Net()
        train(model, Adafactor(model.parameters(), lr, **settings), 10)

    return [each for each in judged(path, story).findings if each.name == NAME]


def test_an_adafactor_that_is_told_to_use_lr_works_nothing_out(tmp_path):
    assert not told(tmp_path, 1e-3, relative_step=False, scale_parameter=False)


@pytest.mark.parametrize(
    ("relative", "scaled"), [(True, False), (False, True), (True, True)]
)
def test_one_that_scales_in_either_way_does(tmp_path, relative, scaled):
    assert told(tmp_path, 1e-3, relative_step=relative, scale_parameter=scaled)


def test_a_rate_that_is_none_is_called_none(tmp_path):
    (found,) = told(tmp_path, None, relative_step=True, scale_parameter=True)
    assert "lr is shown as None" in found.message
    assert "nan" not in found.message


@pytest.mark.parametrize("relative", [True, False])
def test_a_rate_of_0_that_is_not_looked_at_wastes_no_update(tmp_path, relative):
    def story():
        model = Net()
        settings = {"relative_step": relative, "scale_parameter": True}
        train(model, Adafactor(model.parameters(), 0.0, **settings), 10)

    found = [each.name for each in judged(tmp_path, story).findings]
    assert ("first-update-at-lr-zero" in found) == (not relative)
