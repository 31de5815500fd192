"""Rates that no update should have are counted, each kind by itself."""

from __future__ import annotations

import torch

import lrscope

from .verdict import audited

NAN, INF = float("nan"), float("inf")


class Lenient(torch.optim.SGD):
    """Updates with whatever rate it finds."""

    def step(self, closure=None):
        del closure
        for group in self.param_groups:
            for each in group["params"]:
                each.data -= float(group["lr"])


def told(folder, *rates):
    """Return what the rule says of updates with these rates, one group for each."""
    weights = [torch.nn.Parameter(torch.ones(1)) for _ in rates]
    optimizer = Lenient([{"params": [each]} for each in weights], lr=0.1)
    with lrscope.record(folder / "run"):
        for row in zip(*rates, strict=True):
            for group, weight, rate in zip(
                optimizer.param_groups, weights, row, strict=True
            ):
                weight.grad = torch.ones(1)
                group["lr"] = rate
            optimizer.step()
    found = audited(lrscope.read_run(folder / "run")).findings
    return [each for each in found if each.name == "lr-not-finite-or-negative"]


def test_each_kind_is_counted(tmp_path):
    (found,) = told(tmp_path, [0.1, -1.0, NAN, INF, -INF, 0.1, -2.0, torch.tensor(NAN)])
    assert found.message.startswith(
        "the rate was negative in 2, infinite in 2 and NaN in 2 of 8 updates: "
        "-1 in update 1"
    )
    evidence = {k: v for k, v in found.evidence.items() if k != "ratios"}
    assert evidence == {
        "updates": 6, "negative": 2, "infinite": 2, "nan": 2, "first": -1.0
    }  # fmt: skip


def test_one_kind_is_said_alone(tmp_path):
    (found,) = told(tmp_path, [0.1, NAN, 0.1, NAN])
    assert found.message.startswith("the rate was NaN in 2 of 4 updates: ")
    assert found.evidence["first"] == "NaN"


def test_what_could_not_be_read_is_excused_but_not_what_came_before(tmp_path):
    assert not told(tmp_path / "a", [0.1, "0.1", "0.2"])
    (found,) = told(tmp_path / "b", [0.1, NAN, 0.1, "0.1", "0.2"])
    assert found.message.startswith("the rate was NaN in 1 of 5 updates")


def test_what_could_not_be_read_in_one_group_excuses_no_other(tmp_path):
    (found,) = told(tmp_path, ["0.1", "0.1", "0.1"], [0.1, 0.1, NAN])
    assert found.group == "group1"
    assert found.message.startswith("the rate was NaN in 1 of 3 updates")
