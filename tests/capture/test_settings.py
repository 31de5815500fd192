"""The numbers beside the rate are exact too."""

from __future__ import annotations

import pytest
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import (
    OneCycleLR,
)

from .trainings import bits, net, pair, step

HERE = __file__


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_the_momentum_of_one_cycle_is_recorded_bit_for_bit(recorded, kind):
    key, name = ("betas", "betas[0]") if kind is Adam else ("momentum", "momentum")

    def train():
        model = net()
        optimizer = kind(
            model.parameters(), lr=0.1, **({} if kind is Adam else {"momentum": 0.9})
        )
        scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=200)
        used = []
        for _ in range(150):
            value = optimizer.param_groups[0][key]
            used.append(value[0] if kind is Adam else value)
            step(optimizer, model)
            scheduler.step()
        return used

    used, run = recorded(train)
    [track] = run.main.tracks
    assert bits(track.setting(name)) == bits(used)


def test_a_late_setting_is_exact_from_the_step_at_which_it_changed(recorded):
    def train():
        model = net()
        optimizer = SGD(pair(model), weight_decay=0.1)
        used = []
        for index in range(150):
            if index == 101:
                optimizer.param_groups[1]["weight_decay"] = 0.3
            used.append(optimizer.param_groups[1]["weight_decay"])
            step(optimizer, model)
        return used

    used, run = recorded(train)
    assert run.track("sgd/tail").setting("weight_decay").tolist() == used
