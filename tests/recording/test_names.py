"""What optimizers and groups are called, in Python and in ``lrscope show``."""

from __future__ import annotations

import torch
from click.testing import CliRunner
from torch.optim import SGD

import lrscope
from lrscope.cli import exits
from lrscope.cli.main import main


class Sgd(SGD):
    pass


class SGD0(SGD):
    pass


def net():
    return torch.nn.Linear(2, 1)


def step(optimizer):
    for group in optimizer.param_groups:
        for each in group["params"]:
            each.grad = torch.ones_like(each)
    optimizer.step()


def show(run, *words):
    return CliRunner().invoke(main, ["show", str(run.path), *words])


def test_no_two_optimizers_are_called_the_same(tmp_path):
    with lrscope.record(tmp_path / "run"):
        for kind in (SGD, Sgd, SGD0, SGD):
            step(kind(net().parameters()))
    run = lrscope.read_run(tmp_path / "run")
    names = [each.name for each in run.main.tracks]
    assert names == ["sgd1/all", "sgd2/all", "sgd0/all", "sgd3/all"]
    assert all(run.track(name).name == name for name in names)
    assert [name.removesuffix("/all") in show(run).stdout for name in names] == [
        True
    ] * 4


def test_groups_are_shown_as_they_are_called(tmp_path):
    names = ["encoder [bias]", "encoder [weight]", "[red]x[/red]", "a\nb"]
    optimizer = SGD([{"params": net().parameters(), "name": each} for each in names])
    with lrscope.record(tmp_path / "run"):
        step(optimizer)
    shown = show(lrscope.read_run(tmp_path / "run"))
    assert shown.exit_code == 0
    lines = [line.strip() for line in shown.stdout.splitlines()]
    for name in (*names[:2], r"a\nb"):
        assert sum(line.startswith(f"sgd/{name} ") for line in lines) == 1


def test_where_nothing_was_updated_no_step_can_be_named(tmp_path):
    with lrscope.record(tmp_path / "run"):
        SGD(net().parameters()).step()
    shown = show(lrscope.read_run(tmp_path / "run"), "--steps", "0:3")
    assert shown.exit_code == exits.USAGE
    assert "updated nothing" in shown.stderr
