"""``lrscope export``: what was measured stands beside the rates of its steps."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch.optim import SGD, AdamW

import lrscope
from lrscope.cli import exits
from lrscope.cli.main import main
from lrscope.report import export

from .oracle import net, step


def training(*, losses=True):
    model = net()
    optimizer = AdamW(
        [
            {"params": model[0].parameters(), "name": "head"},
            {"params": model[2].parameters(), "name": "tail"},
        ]
    )
    found = [step(optimizer, model)]
    optimizer.zero_grad()
    optimizer.step()  # it has no gradients, and updates nothing
    return [*found, *(step(optimizer, model) for _ in range(3))] if losses else found


def table_of(run):
    file = io.StringIO()
    export.to_csv(run, file)
    return list(csv.DictReader(io.StringIO(file.getvalue())))


def test_a_measured_step_has_its_rates_and_every_update_its_loss(measured):
    losses, run = measured(training, effective="every=2")
    rows = table_of(run)
    assert tuple(rows[0]) == export.COLUMNS
    head = [each for each in rows if each["group"] == "head"]
    of = run.track("head").measured
    assert of.steps.tolist() == [0, 1, 3], "calls 0, 2 and 4"
    effective, ratio = of.effective.tolist(), of.update_to_weight.tolist()
    assert [(each["effective"], each["update_to_weight"]) for each in head] == [
        (str(effective[0]), str(ratio[0])),
        ("", ""),
        (str(effective[1]), str(ratio[1])),
        ("", ""),
        (str(effective[2]), str(ratio[2])),
    ]
    told = [each["loss"] for each in head]
    assert told[1] == ""
    assert [float(each) for each in told if each] == losses
    assert [each["step"] for each in head] == ["0", "", "1", "2", "3"]


def test_what_was_logged_stands_beside_the_update_before_it(tmp_path):
    def logs():
        model = net()
        sgd, adam = SGD(model[0].parameters()), AdamW(model[2].parameters())
        lrscope.log(accuracy=0.1)  # before any update: beside none
        for number in range(3):
            step(sgd, model)
            adam.step()
            if number != 1:
                lrscope.log(accuracy=-1.0)  # the next is in its place
                lrscope.log({"accuracy": number / 2, "val/loss": float("inf")})
        sgd.zero_grad()
        sgd.step()  # updates nothing

    with lrscope.record(tmp_path / "run"):
        logs()
    run = lrscope.read_run(tmp_path / "run")
    rows = table_of(run)
    own = "logged.accuracy", "logged.val/loss"
    assert tuple(rows[0]) == (*export.COLUMNS, *own)
    for optimizer, after in (("sgd", [("", "")]), ("adamw", [])):
        found = [
            [each[name] for name in own]
            for each in rows
            if each["optimizer"] == optimizer
        ]
        assert [tuple(each) for each in found] == [
            ("0.0", "inf"),
            ("", ""),
            ("1.0", "inf"),
            *after,
        ]
    file = io.StringIO()
    export.to_jsonl(run, file)
    plain = json.loads(file.getvalue().splitlines()[0], parse_constant=pytest.fail)
    assert (plain["logged.accuracy"], plain["logged.val/loss"]) == (0.0, None)


def test_numbers_inside_of_an_optimizer_stand_beside_its_measured_steps(measured):
    schedulefree = pytest.importorskip("schedulefree")

    def run():
        model = net()
        optimizer = schedulefree.SGDScheduleFree(model.parameters(), warmup_steps=4)
        optimizer.train()
        for _ in range(4):
            step(optimizer, model)

    _, run = measured(run, effective="every=2")
    told = [each["internal.scheduled_lr"] for each in table_of(run)]
    steps, values = run.main.tracks[0].internals["scheduled_lr"]
    assert [at for at, each in enumerate(told) if each] == steps.tolist()
    assert [float(each) for each in told if each] == values.tolist()


def test_a_group_that_was_out_for_a_while_keeps_the_steps_of_its_optimizer(tmp_path):
    model = net()
    groups = [{"params": part.parameters()} for part in (model[0], model[2])]
    optimizer = SGD(groups)
    with lrscope.record(tmp_path / "run"):
        step(optimizer, model)
        taken = optimizer.param_groups.pop(0)
        step(optimizer, model)
        optimizer.param_groups.insert(0, taken)
        step(optimizer, model)
    run = lrscope.read_run(tmp_path / "run")
    first = [
        each for each in table_of(run) if each["group"] == run.main.tracks[0].group.name
    ]
    assert [each["step"] for each in first] == ["0", "2"]
    assert run.main.tracks[0].steps.tolist() == [0, 2]


def test_a_file_that_cannot_be_written_is_called_so_in_every_form(measured, tmp_path):
    pytest.importorskip("pyarrow")
    _, run = measured(training)
    for form in ("csv", "jsonl", "parquet"):
        words = ["export", str(run.path), "--to", form, "-o", "/nowhere/file"]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == exits.USAGE
        assert "cannot write /nowhere/file" in done.stderr


def test_without_measuring_the_new_columns_are_empty(tmp_path):
    with lrscope.record(tmp_path / "run"):
        training()
    rows = table_of(lrscope.read_run(tmp_path / "run"))
    assert {each[key] for each in rows for key in export.COLUMNS[-3:]} == {""}
    assert {each["lr"] for each in rows} == {"0.001"}


def test_a_loss_that_is_no_number_is_nan_and_in_json_null(measured):
    def run():
        weight = torch.nn.Parameter(torch.ones(3))
        optimizer = SGD([weight], lr=0.1)
        (weight * float("nan")).sum().backward()
        optimizer.step()

    _, run = measured(run)
    [row] = table_of(run)
    assert (row["loss"], row["effective"]) == ("nan", "nan")
    file = io.StringIO()
    export.to_jsonl(run, file)
    plain = json.loads(file.getvalue(), parse_constant=pytest.fail)
    assert (plain["loss"], plain["effective"], plain["lr"]) == (None, None, 0.1)


def test_parquet_holds_the_same(measured, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")

    def logging():
        training()
        lrscope.log(accuracy=0.5)

    _, run = measured(logging, effective="every=2")
    export.to_parquet(run, tmp_path / "run.parquet")
    found = parquet.read_table(tmp_path / "run.parquet").to_pylist()
    expected = list(export.records_of(run))
    columns = *export.COLUMNS, "logged.accuracy"
    assert [tuple(each) for each in found] == [columns] * len(expected)
    for left, right in zip(found, expected, strict=True):
        assert {k: v for k, v in left.items() if v is None} == {
            k: v for k, v in right.items() if v is None
        }
        np.testing.assert_equal(left, right)
