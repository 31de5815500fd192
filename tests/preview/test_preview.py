"""``lrscope preview``: what it shows, what it warns about, what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from lrscope.schedules import parse

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
        (["cosine(10)", "--plot", "plan.docx"], ".png"),
        (["absent.json"], "cannot be read"),
        ([""], "a SPEC is needed"),
        (["  "], "a SPEC is needed"),
        (["cosine("], "never closed (column 7)"),
        (["warmup(5) > cosine(5)"], "column 1"),
        (["train.py"], "train.py:NAME"),
        (["train.py:"], "train.py:NAME"),
        (["cosine('3ep')"], "--clock steps_per_epoch"),
        (["cosine(10)", "--steps", "0"], "--steps"),
        (["cosine(10)", "--steps", "1e3"], "--steps"),
        (["cosine(10)", "--steps", str(10**20)], "2**53"),
        (["cosine(10)", "--plot", "plan"], ".png"),
        (["cosine(10)", "--plot", "absent/plan.png"], "cannot be written"),
        (
            ["cosine('1ep')", "--clock", "steps_per_epoch=5,steps_per_epoch=6"],
            "every key once",
        ),
    ],
)
def test_bad_input_is_one_clear_answer(preview, words, needed):
    assert needed in preview(*words, code=2)


def test_an_endless_plan_is_shown_as_far_as_asked_or_says_how_far(ask):
    done = ask("exponential(0.99)", "--json")
    (found,) = json.loads(done.stdout)["plans"]
    assert found["landmarks"]["steps"] == 1_000
    assert "is endless: showing 1,000 steps; give --steps N" in done.stderr
    done = ask("exponential(0.99)", "--steps", "77", "--json")
    (found,) = json.loads(done.stdout)["plans"]
    assert found["landmarks"]["steps"] == 77
    assert found["landmarks"]["final"] is None
    assert not done.stderr


def test_an_endless_plan_is_shown_as_far_as_those_beside_it(ask):
    done = ask("constant()", "cosine(20)", "linear(3_000)", "--json")
    found = json.loads(done.stdout)["plans"]
    assert [each["landmarks"]["steps"] for each in found] == [3_000, 20, 3_000]
    assert "constant() is endless: showing 3,000 steps" in done.stderr


def test_the_total_steps_of_the_clock_are_the_run(plans):
    (found,) = plans("cosine('50%')", "--clock", "total_steps=400")
    assert found["landmarks"]["steps"] == 400
    assert found["landmarks"]["length"] == 200


def test_a_plan_of_a_million_million_steps_is_shown(plans):
    (found,) = plans("warmup(1_234) >> cosine(1_000_000_000_000)", "--lr", "0.1")
    assert found["landmarks"]["peak_step"] == 1_234
    assert found["landmarks"]["estimated"]
    assert len(found["curve"]["steps"]) < 300


def test_json_has_no_word_for_infinity(preview):
    def refuse(word):
        raise AssertionError(word)

    told = preview("exponential(1.1)", "--steps", "20_000", "--json")
    (found,) = json.loads(told, parse_constant=refuse)["plans"]
    assert found["landmarks"]["peak"] is None
    assert "lr-not-finite-or-negative" in found["cautions"]


def test_landmarks_are_in_the_table_and_on_the_curve(plans, preview):
    words = ["warmup(137) >> cosine(99_863)", "multistep([51_234])", "--lr", "1"]
    for found in plans(*words):
        marks = found["landmarks"]
        points = dict(
            zip(found["curve"]["steps"], found["curve"]["values"], strict=True)
        )
        table = dict(found["table"])
        for step in (0, 137, marks["peak_step"], marks["steps"] - 1):
            assert step in table
        for step in (0, marks["peak_step"], marks["steps"] - 1):
            assert points[step] == table[step]
    lines = preview(words[0], "--table").splitlines()
    assert any(
        each.split() == ["137", "warmed", "up,", "peak", "1.00e+00"] for each in lines
    )


def test_all_plans_have_a_row_for_the_same_steps(plans):
    long, short = plans("cosine(1_000)", "linear(50)")
    steps = [step for step, _ in long["table"]]
    assert [step for step, _ in short["table"]] == [each for each in steps if each < 50]
    assert 49 in steps


def drawn(monkeypatch, preview, *words, **variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return preview(*words)


def test_without_colours_letters_tell_curves_apart(monkeypatch, preview):
    words = ["cosine(90)", "linear(90)"]
    plain = drawn(monkeypatch, preview, *words)
    assert "a  cosine(90)" in plain
    assert any(
        "|" in each and "a" in each.partition("|")[2] for each in plain.splitlines()
    )
    coloured = drawn(monkeypatch, preview, *words, FORCE_COLOR="1")
    assert "a  cosine(90)" not in coloured
    assert "Legend" in coloured
    still = drawn(monkeypatch, preview, *words, FORCE_COLOR="1", NO_COLOR="1")
    assert "a  cosine(90)" in still
    assert "a  cosine" not in drawn(monkeypatch, preview, "cosine(90)", NO_COLOR="1")


def test_a_narrow_terminal_breaks_no_number(monkeypatch, preview):
    words = ["cosine(100)", "linear(1_000)", "warmup(5) >> cosine(50)", "--table"]
    shown = drawn(monkeypatch, preview, *words, "--lr", "0.1", COLUMNS="40")
    assert max(map(len, shown.splitlines())) <= 40
    assert shown.count("held after its end") == 3
    assert "9.87e-05" in shown
    wide = drawn(monkeypatch, preview, *words, COLUMNS="120")
    assert wide.count("held after its end") == 1


def test_the_steps_below_the_curve_are_not_cut(preview):
    shown = preview("cosine(1_000_000_000_000)")
    (axis,) = (each for each in shown.splitlines() if each.startswith("           |"))
    assert axis.split()[2] == "2.00e+11"


@pytest.mark.parametrize("steps", [2, 9, 37, 100, 539, 12_345, 10**7])
@pytest.mark.parametrize("rate", ["3e-4", "1", "0.0123"])
def test_ticks_are_whole_steps_and_round_rates(preview, steps, rate):
    shown = preview(f"cosine({steps})", "--lr", rate).splitlines()
    (axis,) = (each for each in shown if each.startswith("           |"))
    first, *ticks = map(float, axis.replace("|", "").split())
    assert first == 0
    assert all(each == ticks[0] * at for at, each in enumerate(ticks, 1))
    assert all(each.is_integer() for each in ticks)
    upright = [each for each in shown if each[10:13] in {" | ", " |"}][:-1]
    rates = [float(each[:10]) for each in upright]
    assert len(rates) == 13
    apart = (rates[0] - rates[-1]) / 12
    assert rates == pytest.approx([rates[-1] + apart * at for at in range(12, -1, -1)])
    assert float(f"{apart:.1e}") == pytest.approx(apart)
    assert rates[-1] == 0
    assert rates[0] > float(rate)


def test_preview_does_not_load_torch():
    code = (
        "import sys; sys.argv = ['lrscope', 'preview', 'cosine(10)']\n"
        "from lrscope.cli.main import main\n"
        "main(standalone_mode=False)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_curves_that_coincide_share_a_name_and_what_is_not_drawn_is_counted(preview):
    shown = preview("a=linear(9)", "b=linear(9)", "cosine(9)", "--lr", "1")
    assert "a  a, b" in shown
    assert "b  cosine(9)" in shown
    assert "not drawn" not in shown
    shown = preview(*(f"linear({each})" for each in range(10, 19)))
    assert "and 3 more, which are not drawn" in shown
