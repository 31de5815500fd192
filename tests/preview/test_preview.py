"""``lrscope preview``: what it shows, what it warns about, what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from lrscope.schedules import cosine, parse, warmup
from lrscope.schedules.landmarks import cautions, landmarks

PLAN = "warmup(500) >> cosine(9_500, floor=0.1)"


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
    marks = landmarks(plan, rise + fall)
    assert cautions(plan, marks) == ()
    assert marks.rises_until == rise


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
        (["cosine(10)", "cosine(10).absolute(0.1)"], "share no axis"),
        (["cosine(10).absolute(0.1)", "--lr", "0.1"], "leave --lr out"),
        (["cosine(10).absolute(0.1)", "--group", "a=0.1"], "leave --group out"),
        ([""], "a SPEC is needed"),
        (["head="], "a SPEC is needed"),
        (["hed=cosine(10)", "--group", "head=0.1"], "the groups of --group are 'head'"),
        (
            ["a=cosine(10)", "--group", "a=0.1", "--group", "b=1"],
            "group 'b' has no plan",
        ),
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
