"""What was measured is told so that it is understood, at any width and encoding."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
import torch
from click.testing import CliRunner
from torch.optim import SGD, Adam, AdamW

import lrscope
from lrscope.audit.audit import audit_run
from lrscope.cli.main import main

from .oracle import net, step, train

NUMBER = re.compile(r"\d\.\d\de[+-]\d\d")


@pytest.fixture
def show():
    """Return what ``lrscope show`` prints of a run."""

    def shown(run, *words, columns=80, **environment):
        environment = {"COLUMNS": str(columns), **environment}
        done = CliRunner(env=environment).invoke(main, ["show", str(run.path), *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    return shown


def trained(of, steps=4):
    def run():
        model = net()
        train(of(model), model, steps)

    return run


def eight(model):
    layers = [model[2], *(torch.nn.Linear(3, 3) for _ in range(7))]
    model.extend(layers[1:])
    layers[5].requires_grad_(requires_grad=False)
    return AdamW(
        [
            {"params": each.parameters(), "name": f"encoder.block{at}"}
            for at, each in enumerate(layers)
        ]
    )


def test_plain_sgd_needs_no_explanation(measured, show):
    _, run = measured(trained(lambda model: SGD(model.parameters(), lr=0.1)))
    told = show(run)
    assert "how far weights moved at step 3, the last of 4 that were measured" in told
    assert "SGD" not in told


def test_what_multiplies_the_rate_is_said_once_for_all_groups(measured, show):
    _, run = measured(trained(eight))
    told = show(run)
    assert "7 groups: AdamW divides each gradient by its usual size" in told
    assert "adamw/encoder.block5: no gradient" in told
    assert "nan" not in told


def test_momentum_is_said_to_add_up(measured, show):
    _, run = measured(trained(lambda model: SGD(model.parameters(), 0.1, momentum=0.9)))
    assert "SGD adds up past gradients (momentum 0.9), up to 10 times" in show(run)


@pytest.mark.parametrize("maximize", [False, True])
def test_momentum_that_leads_elsewhere_is_not_said_to_add_up(measured, show, maximize):
    def train():
        weight = torch.nn.Parameter(torch.ones(3))
        optimizer = SGD([weight], 0.1, momentum=0.9, maximize=maximize)
        for at in range(4):
            optimizer.zero_grad()
            ((-1) ** at * weight).sum().backward()
            optimizer.step()

    _, run = measured(train)
    told = show(run, columns=200)
    assert "carries on the direction of past gradients (momentum 0.9)" in told
    assert "adds up" not in told


def test_schedulers_that_are_alike_are_shown_once_and_counted(recorded, show):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), 0.1)
        for total in (5, 5, 5, 6):
            torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=total)
        step(optimizer, model)

    _, run = recorded(train)
    shown = json.loads(show(run, "--json"))["schedulers"]
    assert len(shown) == 2
    assert shown[0].endswith(", made 3 times")
    assert "made" not in shown[1]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"weight_decay": 0.1}, "SGD adds weight decay 0.1 × weights to the gradient"),
        ({"maximize": True}, "SGD follows the gradient upwards (maximize=True)"),
        (
            {"weight_decay": 0.5, "momentum": 0.9},
            "SGD adds weight decay 0.5 × weights to the gradient and adds up past",
        ),
    ],
)
def test_what_sgd_makes_of_its_gradient_is_said(measured, show, settings, told):
    _, run = measured(trained(lambda model: SGD(model.parameters(), 0.1, **settings)))
    assert told in show(run, columns=200)


def test_adam_that_maximizes_has_a_negative_multiplier(measured, show):
    _, run = measured(trained(lambda model: Adam(model.parameters(), maximize=True)))
    assert "Adam follows the gradient upwards (maximize=True), so × is" in show(run)
    assert run.track("all").measured.effective[-1] < 0


def test_an_internal_rate_is_told_with_its_number(measured, show):
    prodigyopt = pytest.importorskip("prodigyopt")
    _, run = measured(trained(lambda model: prodigyopt.Prodigy(model.parameters())))
    told = show(run)
    d = run.track("prodigy/all").internals["d"][1][-1]
    assert f"Prodigy multiplies lr by d = {d:.3g} and divides" in told
    assert "(effective)" in told, "a rate of 1 throughout is not worth a picture"
    [movement] = [row["movement"] for row in json.loads(show(run, "--json"))["rows"]]
    assert movement["internals"] == {"d": d}
    [found] = [each for each in audit_run(run).findings if each.code == "LR419"]
    assert f"(d = {d:.3g})" in found.message
    assert found.evidence["internals"] == {"d": d}
    assert found.evidence["effective"] == movement["effective"]


def test_numbers_are_shown_whole_or_not_at_all(measured, show):
    _, run = measured(trained(eight))
    for columns in range(30, 130, 7):
        told = show(run, columns=columns)
        assert max(map(len, told.splitlines())) <= max(columns, 35)
        cut = [each for each in told.split() if each.endswith("…")]
        assert not [each for each in cut if NUMBER.match(each[:-1])]
        for at in range(8):
            assert f"{at}  " in told, "the end of a name tells groups apart"
    assert "no room for: " in show(run, columns=60)
    assert "no room for: " not in show(run, columns=100)


def test_without_colours_letters_tell_curves_apart(measured, show):
    _, run = measured(trained(eight))
    at_terminal = {"TERM": "xterm", "FORCE_COLOR": "1"}
    plain = show(run, NO_COLOR="1", **at_terminal)
    assert "\na  adamw/encoder.block0" in plain
    assert "\na  adamw/encoder.block0" not in show(run, **at_terminal)


def test_a_range_of_steps_shows_the_last_measured_step_in_it(measured, show):
    _, run = measured(trained(lambda model: SGD(model.parameters(), lr=0.1), 8))
    told = show(run, "--steps", "2:5")
    assert "at step 4, the last of 3 that were measured" in told
    assert "measured" not in show(run, "--group", "all").replace("were measured", "")


def test_json_has_null_where_a_number_is_none(measured, show):
    _, run = measured(trained(eight))
    plain = json.loads(show(run, "--json"), parse_constant=pytest.fail)
    movements = [row["movement"] for row in plain["rows"]]
    assert [each["effective"] is None for each in movements] == [
        at == 5 for at in range(8)
    ]
    assert movements[5]["because"] == "no gradient"


def test_what_was_not_measured_at_the_same_step_says_so(measured, show):
    def run():
        model, other = net(), net()
        fast, slow = SGD(model.parameters(), 0.1), Adam(other.parameters(), 0.1)
        for at in range(4):
            step(fast, model)
            if at < 2:
                step(slow, other)

    _, run = measured(run)
    told = show(run)
    assert "sgd/all: how far weights moved at step 3, the last of 4" in told
    assert "adam/all: how far weights moved at step 1, the last of 2" in told


def logging():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    for at in range(6):
        step(optimizer, model)
        if at % 2:
            lrscope.log(accuracy=at / 10, loss=float("nan"))
            optimizer.zero_grad()
            optimizer.step()  # it updates nothing


def test_what_was_logged_is_told_with_the_updates_before_it(tmp_path, show):
    with lrscope.record(tmp_path / "run"):
        logging()
    run = lrscope.read_run(tmp_path / "run")
    logged = run.track("sgd/all").logged("accuracy")
    assert (logged.steps.tolist(), logged.values.tolist()) == (
        [2, 4, 6],
        [0.1, 0.3, 0.5],
    )
    assert "accuracy 0.5 after 6 updates, the last of 3" in show(run)
    assert "accuracy 0.3 after 4 updates, the last of 2" in show(run, "--steps", "1:5")
    found = json.loads(show(run, "--json"), parse_constant=pytest.fail)["logged"]
    last = {"step": 6, "optimizer": "sgd", "count": 3}
    assert found == {
        "accuracy": {"last": 0.5, **last},
        "loss (logged)": {"last": None, **last},
    }
    with pytest.raises(lrscope.errors.UsageError, match="accuracy"):
        run.track("sgd/all").logged("recall")


def apart(count):
    def run():
        model = torch.nn.Sequential(*(torch.nn.Linear(2, 2) for _ in range(count)))
        optimizer = Adam(model.named_parameters(), lr=0.1)
        for _ in range(3):
            model(torch.ones(1, 2)).square().sum().backward()
            optimizer.step()

    return run


def test_parameters_that_were_measured_apart_have_a_table(measured, show):
    _, run = measured(apart(12), effective="every=1,by=parameter")
    told = show(run, columns=100)
    assert "9.bias" in told
    assert "10.weight" not in told
    assert "and 4 more parameters; choose some with --group NAME" in told
    chosen = show(run, "--group", "10.", columns=100)
    assert "10.weight" in chosen
    assert "9.bias" not in chosen
    [row] = json.loads(show(run, "--json"))["rows"]
    found = row["movement"]["parameters"]
    own = run.track("adam/all").parameters
    assert list(found) == list(own)
    of = found["10.weight"]
    assert of["effective"] == own["10.weight"].effective[-1]
    assert of["update_to_weight"] == own["10.weight"].update_to_weight[-1]
    assert (of["elements"], of["moved"], of["error"]) == (4, 1.0, 0.0)
    _, run = measured(apart(1))
    assert "parameter  " not in show(run).replace("parameters", "")
    [row] = json.loads(show(run, "--json"))["rows"]
    assert row["movement"]["parameters"] == {}


@pytest.mark.parametrize(
    ("steps", "nearest"), [("5:8", 4), ("5:6", 4), ("7:8", 8), ("9:", 8)]
)
def test_a_range_without_a_measured_step_names_the_nearest(
    measured, show, steps, nearest
):
    train_sgd = trained(lambda model: SGD(model.parameters(), lr=0.1), 10)
    _, run = measured(train_sgd, effective="every=4")
    told = f"none of these steps was measured; the nearest is {nearest}"
    assert told in show(run, "--steps", steps)
    assert "none of these" not in show(run)


def test_a_rate_of_zero_is_0_and_has_no_sign(measured, show):
    def run():
        weight = torch.nn.Parameter(torch.ones(3))
        optimizer = SGD([weight], lr=0.0)
        for _ in range(3):
            weight.grad = torch.ones(3)
            optimizer.step()

    _, run = measured(run)
    told = show(run)
    assert "-0" not in told
    assert "0.00e+00" not in told
    assert "-0.0" not in show(run, "--json")


@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        (["show"], "ascii"),
        (["show"], "cp1252"),
        (["audit"], "cp1252"),  # to what is ASCII and no terminal click writes UTF-8
        (["preview", "cosine(9)", "--lr", "1"], "ascii"),
    ],
)
def test_a_terminal_without_the_letters_gets_others(measured, words, encoding):
    _, run = measured(trained(lambda model: Adam(model.parameters(), lr=0.1)))
    words = [*words, str(run.path)] if words[0] != "preview" else words
    done = subprocess.run(
        [sys.executable, "-m", "lrscope", *words],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1)
    assert done.stderr == b""
    told = done.stdout.decode(encoding)
    assert "adam" in told or "***" in told
    assert "?" not in told


def test_names_are_exported_whole_whatever_the_terminal(tmp_path):
    model = net()
    with lrscope.record(tmp_path / "run"):
        group = {"params": model.parameters(), "name": "größe"}
        step(SGD([group], lr=0.1), model)
    done = subprocess.run(
        [sys.executable, "-m", "lrscope", "export", tmp_path / "run", "--to", "csv"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert ",größe," in done.stdout.decode("utf-8")
