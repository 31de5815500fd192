"""``lrscope preview``: what it shows, what it warns about, what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as some

from lrscope.cli.main import main
from lrscope.schedules import cosine, parse, warmup
from lrscope.schedules.landmarks import cautions, landmarks

PLAN = "warmup(500) >> cosine(9_500, floor=0.1)"


@pytest.fixture
def preview(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def ask(*words, code=0):
        done = CliRunner().invoke(main, ["preview", *words])
        assert done.exit_code == code, done.output
        return done.stderr if code else done.stdout

    return ask


@pytest.fixture
def plans(preview):
    return lambda *words: json.loads(preview(*words, "--json"))["plans"]


def test_the_landmarks_of_a_plan_are_those_of_the_schedule(plans):
    (found,) = plans(PLAN, "--lr", "3e-4")
    schedule = parse(PLAN).absolute(3e-4)
    marks = found["landmarks"]
    assert (marks["steps"], marks["rises_until"], marks["peak_step"]) == (
        10_000,
        500,
        500,
    )
    assert marks["first"] == schedule(0)
    assert marks["peak"] == schedule(500) == 3e-4
    assert marks["final"] == schedule.final
    assert marks["area"] == pytest.approx(schedule(np.arange(10_000)).sum())
    assert found["unit"] == "rate"
    assert found["cautions"] == {}


def test_the_curve_and_the_table_are_values_of_the_plan(plans):
    (found,) = plans(PLAN)
    steps, values = found["curve"]["steps"], found["curve"]["values"]
    assert values == parse(PLAN)(steps).tolist()
    assert all(value == parse(PLAN)(step) for step, value in found["table"])
    assert steps[0] == 0
    assert steps[-1] == 9_999


def test_every_group_and_every_plan_is_drawn(plans):
    groups = ["--group", "body=1e-4", "--group", "head=1e-3"]
    found = plans("cosine(10)", "linear(10)", *groups)
    assert [each["landmarks"]["peak"] for each in found] == [1e-4, 1e-3] * 2
    assert [each["name"] for each in found] == [
        f"{group} {plan}"
        for plan in ("cosine(10)", "linear(10)")
        for group in ("body", "head")
    ]


def test_units_follow_the_clock_and_the_length_of_the_run(plans):
    (found,) = plans("warmup('10%') >> cosine('90%')", "--steps", "1005")
    assert found["landmarks"]["length"] == 1005
    (found,) = plans("cosine('3ep')", "--clock", "steps_per_epoch=1_00")
    assert found["landmarks"]["length"] == 300


@pytest.mark.parametrize(
    ("spec", "steps", "name"),
    [
        ("warmup(500, start=0) >> cosine(500)", 1000, "first-update-at-lr-zero"),
        ("warmup(500) >> cosine(500)", 400, "warmup-longer-than-run"),
        ("warmup(500) >> cosine(9_500)", 2_000, "schedule-longer-than-run"),
        ("cosine(1_000)", 2_000, "schedule-shorter-than-run"),
        ("linear(100, end=-0.1)", 100, "lr-not-finite-or-negative"),
    ],
)
def test_a_mistake_is_named_before_it_costs_anything(plans, spec, steps, name):
    (found,) = plans(spec, "--steps", str(steps))
    assert list(found["cautions"]) == [name]


@given(some.integers(2, 2_000), some.integers(2, 2_000))
def test_a_plan_of_the_length_of_the_run_has_no_mistakes(rise, fall):
    plan = warmup(rise) >> cosine(fall)
    assert cautions(plan, rise + fall) == ()
    assert landmarks(plan, rise + fall).rises_until == rise


def test_the_terminal_shows_landmarks_curve_table_and_warnings(preview):
    shown = preview("warmup(10, start=0) >> cosine(90)", "--table", "--steps", "50")
    for word in ("peak at step", "(factor)", "warning first-update-at-lr-zero"):
        assert word in shown
    assert " 49 " in shown


@pytest.mark.parametrize(
    ("kind", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_a_picture_is_written_and_not_written_over(preview, tmp_path, kind, magic):
    pytest.importorskip("matplotlib")
    path = tmp_path / f"plan.{kind}"
    preview(PLAN, "--plot", str(path))
    assert path.read_bytes().startswith(magic)
    assert "--force" in preview(PLAN, "--plot", str(path), code=2)
    preview(PLAN, "--plot", str(path), "--force")


FACTORIES = """
import torch
from lrscope import cosine, warmup

PLAN = warmup(10) >> cosine(90)

def plan():
    return PLAN

def make_scheduler(optimizer):
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)

def make_lambda(optimizer):
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5)

def broken():
    raise RuntimeError("no data")

def two(one, other):
    pass

def own_groups():
    groups = [{"params": [torch.zeros(1)], "lr": each} for each in (0.1, 0.2)]
    return torch.optim.lr_scheduler.StepLR(torch.optim.SGD(groups, lr=0.1), 5)

def text():
    return "cosine(10)"
"""


def test_a_factory_gives_a_schedule_or_a_torch_scheduler(plans, tmp_path):
    (tmp_path / "train_one.py").write_text(FACTORIES)
    for name in ("plan", "PLAN"):
        (found,) = plans(f"train_one.py:{name}")
        assert found["schedule"] == "warmup(10) >> cosine(90)"
    groups = ["--group", "a=0.1", "--group", "b=0.01"]
    found = plans("train_one.py:make_scheduler", *groups, "--steps", "100")
    assert [each["landmarks"]["first"] for each in found] == [0.1, 0.01]
    half = [dict(each["curve"])["values"][50] for each in found]
    assert half == pytest.approx([0.05, 0.005], rel=0.1)


def test_a_factory_that_makes_its_own_optimizer_has_its_own_groups(preview, tmp_path):
    (tmp_path / "train_own.py").write_text(FACTORIES)
    told = preview("train_own.py:own_groups", "--lr", "0.3", "--json")
    found = json.loads(told)["plans"]
    assert [each["name"] for each in found] == ["group0", "group1"]
    assert [each["landmarks"]["first"] for each in found] == [0.3, 0.3]
    three = ["--group", "a=1", "--group", "b=2", "--group", "c=3"]
    said = preview("train_own.py:own_groups", *three, code=2)
    assert "has 2 groups, --group names 3" in said


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("train_two.py:make_lambda", "lambda"),
        ("train_two.py:broken", "RuntimeError: no data"),
        ("train_two.py:two", "takes nothing or an optimizer"),
        ("train_two.py:text", "got 'cosine(10)'"),
        ("train_two.py:absent", "this file has: "),
        ("nothing.py:absent", "nothing.py cannot be imported"),
    ],
)
def test_a_factory_that_cannot_be_used_says_why(preview, tmp_path, place, words):
    (tmp_path / "train_two.py").write_text(FACTORIES)
    assert words in preview(place, code=2)


def test_a_quirk_of_a_scheduler_is_told_where_the_run_gets_to_it(plans, tmp_path):
    (tmp_path / "train_three.py").write_text(FACTORIES)
    (short,) = plans("train_three.py:make_scheduler", "--steps", "100")
    (long,) = plans("train_three.py:make_scheduler", "--steps", "150")
    assert "climbs-after-T_max" not in short["cautions"]
    assert "climbs-after-T_max" in long["cautions"]


def test_a_plan_in_json_is_read_from_its_file(plans, tmp_path):
    (found,) = plans(PLAN)
    (tmp_path / "plan.json").write_text(json.dumps(found["form"]))
    (again,) = plans("plan.json")
    assert again["schedule"] == found["schedule"]


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["cosin(10)"], "did you mean 'cosine'?"),
        (["cosine('10%')"], "total_steps"),
        (["cosine(10)", "--clock", "epochs=3"], "steps_per_epoch"),
        (["cosine(10)", "--clock", "total_steps=many"], "--clock needs KEY=N"),
        (["cosine(10)", "--clock", "total_steps=0"], "total_steps"),
        (["cosine(10)", "--lr", "0"], "above 0"),
        (["cosine(10)", "--lr", "nan"], "finite"),
        (["cosine(10)", "--group", "a"], "NAME=LR"),
        (["cosine(10)", "--group", "a=1", "--group", "a=2"], "every name once"),
        (["cosine(10)", "--group", "a=1", "--lr", "1"], "do not go together"),
        (["cosine(10)", "--plot", "plan.docx"], ".png"),
        (["absent.json"], "cannot be read"),
        (["cosine(10)", "cosine(10).absolute(0.1)"], "some plans are factors"),
        (
            ["cosine('1ep')", "--clock", "steps_per_epoch=5,steps_per_epoch=6"],
            "every key once",
        ),
    ],
)
def test_bad_input_is_one_clear_answer(preview, words, needed):
    assert needed in preview(*words, code=2)


def test_an_endless_plan_is_shown_as_far_as_asked(plans):
    (found,) = plans("exponential(0.99)")
    assert found["landmarks"]["steps"] == 1_000
    (found,) = plans("exponential(0.99)", "--steps", "77")
    assert found["landmarks"]["steps"] == 77
    assert found["landmarks"]["final"] is None


def test_preview_does_not_load_torch():
    code = (
        "import sys; sys.argv = ['lrscope', 'preview', 'cosine(10)']\n"
        "from lrscope.cli.main import main\n"
        "main(standalone_mode=False)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
