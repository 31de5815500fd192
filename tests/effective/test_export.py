"""``lrscope export``: what was measured stands beside the rates of its steps."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
import torch
from torch.optim import SGD, AdamW

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


def test_without_measuring_the_new_columns_are_empty(tmp_path):
    import lrscope

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
    _, run = measured(training, effective="every=2")
    export.to_parquet(run, tmp_path / "run.parquet")
    found = parquet.read_table(tmp_path / "run.parquet").to_pylist()
    expected = list(export.records_of(run))
    assert [tuple(each) for each in found] == [export.COLUMNS] * len(expected)
    for left, right in zip(found, expected, strict=True):
        assert {k: v for k, v in left.items() if v is None} == {
            k: v for k, v in right.items() if v is None
        }
        np.testing.assert_equal(left, right)
