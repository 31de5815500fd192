"""Where runs go, what is printed during a run and at its end, and wrong options."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lrscope


def test_a_run_without_a_place_is_named_by_time_and_script(place):
    place.write("train(2)", "deep/my train.py", trains=True)
    done = place.run("python", "deep/my train.py")
    (run,) = (place.path / "lrscope-runs").iterdir()
    assert re.fullmatch(r"\d{8}T\d{6}-my-train", run.name)
    assert place.applied(run) == [place.halves[:2]]
    assert done.ours.endswith("next: lrscope show")
    shown = place.bare(*place.lrscope, "show")
    assert shown.code == 0
    assert b"sgd" in shown.stdout


def test_a_chosen_place_is_made_with_its_parents_and_named_at_the_end(place):
    script = place.write("train(3)", trains=True)
    done = place.run("-o", "a/b c", script)
    assert place.applied(place.path / "a/b c") == [place.halves[:3]]
    assert (
        done.ours
        == "lrscope: 3 steps · 1 group · 0.5 → 0.125 · next: lrscope show 'a/b c'"
    )


def imported(place, *words):
    """Return what Python imports beside what it does at every start."""

    def by(*command):
        done = place.bare(place.lrscope[0], "-X", "importtime", *command)
        lines = done.stderr.decode().splitlines()
        return {each.rsplit("|", 1)[-1].strip() for each in lines}

    return by(*place.lrscope[1:], "run", *words) - by("-c", "pass")


def test_a_usual_training_is_told_of_without_numpy_another_one_with_it(place):
    script = place.write("train(3)", trains=True)
    modules = imported(place, "-o", "run", script)
    assert "lrscope.report.closing" in modules
    assert not modules & {"numpy", "typing", "pathlib", "tempfile", "click"}
    killed = place.write("import os; train(3); os.kill(os.getpid(), 9)", trains=True)
    assert "numpy" in imported(place, "-o", "run", killed)


@pytest.mark.parametrize("place_for_notes", ["", "relative", "/no/such/place"])
def test_where_temporary_files_go_is_no_matter(place, place_for_notes):
    script = place.write("train(2)", trains=True)
    (place.path / "relative").mkdir()
    done = place.run("-o", "run", script, TMPDIR=place_for_notes)
    assert place.applied() == [place.halves[:2]]
    assert done.ours.startswith("lrscope: 2 steps")
    assert sorted(os.listdir(place.path)) == ["relative", "run", "train.py"]
    assert not list((place.path / "relative").glob("lrscope*"))


def test_the_same_place_twice_holds_two_segments(place):
    script = place.write("import sys; train(int(sys.argv[1]))", trains=True)
    place.run("-o", "run", script, "2")
    before = {each.name: each.read_bytes() for each in place.run_directory.iterdir()}
    done = place.run("-o", "run", script, "3")
    assert "3 steps" in done.ours
    assert place.applied() == [place.halves[:2], place.halves[:3]]
    run = lrscope.read_run(place.run_directory)
    assert [each.number for each in run.segments] == [0, 1]
    assert [each.segment for each in run.processes] == [0, 1]
    assert [each.exit_code for each in run.segments] == [0, 0]
    assert (
        before.items()
        <= {e.name: e.read_bytes() for e in place.run_directory.iterdir()}.items()
    )


def test_a_second_segment_without_a_step_takes_nothing_from_the_first(place):
    script = place.write("import sys; train(int(sys.argv[1]))", trains=True)
    place.run("-o", "run", script, "2")
    before = sorted(os.listdir(place.run_directory))
    for command in ([script, "0"], ["no-such-program"]):
        place.run("-o", "run", *command)
        assert sorted(os.listdir(place.run_directory)) == before
    assert place.applied() == [place.halves[:2]]


def test_a_file_is_no_place_for_a_run(place):
    script = place.write("print('never')")
    place.write("mine", "notes.txt")
    done = place.run("-o", "notes.txt", script)
    assert (done.code, done.stdout) == (2, b"")
    assert re.fullmatch(
        r"lrscope: .*directory.*notes\.txt.*", done.stderr.decode().strip()
    )
    assert (place.path / "notes.txt").read_text() == "mine"


def test_a_directory_with_other_things_is_no_place_for_a_run(place):
    script = place.write("print('never')")
    place.write("mine", "data/notes.txt")
    done = place.run("-o", "data", script)
    assert (done.code, done.stdout) == (2, b"")
    assert "data" in done.ours
    assert len(done.stderr.splitlines()) == 1
    assert os.listdir(place.path / "data") == ["notes.txt"]


def test_an_empty_directory_is_a_place_for_a_run_and_is_kept(place):
    place.run_directory.mkdir()
    place.run("-o", "run", "python", "-c", "pass")
    assert os.listdir(place.run_directory) == []
    script = place.write("train(1)", trains=True)
    place.run("-o", "run", script)
    assert place.applied() == [place.halves[:1]]


@pytest.mark.parametrize(
    "where", [[], ["-o", "run"]], ids=["default place", "chosen place"]
)
def test_a_run_without_a_step_leaves_nothing_and_names_likely_causes(place, where):
    script = place.write("print('no training')", trains=True)
    done = place.run(*where, script)
    assert (done.code, done.stdout) == (0, b"no training\n")
    assert "warning: no optimizer step was seen" in done.ours.lower()
    for cause in (
        "optimizer.step()",
        "torch.optim.Optimizer",
        "CUDA graph",
        "PYTHONPATH",
    ):
        assert cause in done.ours
    assert os.listdir(place.path) == [script]


def test_a_training_that_forgets_its_step_is_told_which_and_where(place):
    script = place.write(
        """\
        import torch
        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.AdamW([weight])
        for _ in range(3000):
            weight.sum().backward()
        """
    )
    done = place.run(script)
    assert "AdamW (train.py:3) was made and backward() called" in done.ours
    assert "optimizer.step() never. Call it after backward()" in done.ours
    assert os.listdir(place.path) == [script]


def test_an_optimizer_that_nobody_trains_with_is_not_blamed(place):
    script = place.write(
        """\
        import torch
        optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.ones(2))])
        """
    )
    assert "Likely causes" in place.run(script).ours


@pytest.mark.parametrize(
    ("rest", "how"),
    [
        ("raise SystemExit(6)", "ended with exit code 6"),
        ("import os; os.kill(os.getpid(), 9)", "was killed by SIGKILL"),
    ],
)
def test_a_command_that_failed_before_any_step_is_told_so_in_short(place, rest, how):
    script = place.write(rest, trains=True)
    done = place.run(script)
    assert done.code in (6, -9)
    told = f"lrscope: the command {how} before any optimizer step was seen"
    assert done.ours == told
    assert os.listdir(place.path) == [script]


def test_of_a_long_exception_the_first_line_is_told(place):
    script = place.write(
        """
        def closure():
            raise ValueError("one is told" + 99 * "\\nand no other")
        optimizer.step(closure)
        """,
        trains=True,
    )
    assert "(ValueError: one is told) · next" in place.run(script).ours


@pytest.mark.parametrize("words", [["train.py"], ["-m", "train"]], ids=" ".join)
def test_where_the_python_of_a_shorthand_has_no_torch_another_one_is_named(
    place, words
):
    place.write("import torch")
    python = sys.executable
    home = place.path / "bare"
    subprocess.run([python, "-m", "venv", "--without-pip", str(home)], check=True)
    ours = Path(lrscope.__file__).parents[1]
    paths = os.pathsep.join([str(ours), str(place.path / "installed")])
    place.lrscope = [str(home / "bin/python"), "-m", "lrscope"]
    done = place.run("--", *words, "--lr", "1", PYTHONPATH=paths)
    assert done.code == 1
    assert done.ours.endswith(
        "exit code 1 before any optimizer step was seen; the Python that lrscope runs "
        f"on has no torch, try: lrscope run python {' '.join(words)}"
    )
    other = place.run("python", *words, PYTHONPATH=paths)
    assert "no torch" not in other.ours


def test_the_command_is_noted_with_its_secrets_hidden(place):
    script = place.write("train(1)", trains=True)
    place.run(
        "-o", "run", script, "--api-key", "hunter2", "--lr=0.1", MY_TOKEN="hunter2"
    )
    noted = b"".join(each.read_bytes() for each in place.run_directory.iterdir())
    assert b"--lr=0.1" in noted
    assert b"hunter2" not in noted
    segment = json.loads((place.run_directory / "segment000.json").read_text())
    assert segment["command"][0] == script


LOOP = """
from torch.utils.data import DataLoader
optimizer.zero_grad()
for epoch in range(3):
    for batch in DataLoader(torch.ones(4, 2), batch_size=2):
        model(batch).sum().backward()
        optimizer.step()
    scheduler.step()
"""
EXPECTED = {
    "step": [
        "step 0 · sgd/all applied 5.00e-01",
        "step 1 · sgd/all applied 5.00e-01 · next 2.50e-01",
        "step 2 · sgd/all applied 2.50e-01",
        "step 3 · sgd/all applied 2.50e-01 · next 1.25e-01",
        "step 4 · sgd/all applied 1.25e-01",
        "step 5 · sgd/all applied 1.25e-01 · next 6.25e-02",
    ],
    "epoch": [
        "step 1 · sgd/all applied 5.00e-01 · next 2.50e-01",
        "step 3 · sgd/all applied 2.50e-01 · next 1.25e-01",
        "step 5 · sgd/all applied 1.25e-01 · next 6.25e-02",
    ],
    "4": [
        "step 0 · sgd/all applied 5.00e-01",
        "step 4 · sgd/all applied 1.25e-01",
    ],
}


@pytest.mark.parametrize("every", EXPECTED)
def test_rates_are_printed_during_the_run(place, every):
    script = place.write(LOOP, trains=True)
    done = place.run("-o", "run", "--print", every, script)
    assert done.stdout == b""
    assert done.theirs.decode().splitlines() == EXPECTED[every]
    assert "6 steps" in done.ours


def test_each_group_has_a_line_under_its_name(place):
    script = place.write(
        """
        import torch
        model = torch.nn.ModuleDict({"back": torch.nn.Linear(1, 1), "head": torch.nn.Linear(1, 1)})
        groups = [{"params": part.named_parameters(), "name": name, "lr": rate}
                  for (name, part), rate in zip(model.items(), (0.001, 0.1))]
        optimizer = torch.optim.AdamW(groups)
        sum(part(torch.ones(1, 1)).sum() for part in model.values()).backward()
        optimizer.step()
        optimizer.param_groups[1]["lr"] = 0.05
        """
    )
    done = place.run("-o", "run", "--print", "step", script)
    assert done.theirs.decode().splitlines() == [
        "step 0 · adamw/back applied 1.00e-03",
        "step 0 · adamw/head applied 1.00e-01 · next 5.00e-02",
    ]


@pytest.mark.parametrize("every", ["0", "-1", "1.5", "batch", "", "²"])
def test_a_wrong_value_of_print_is_refused_before_anything_runs(place, every):
    script = place.write("print('never')")
    done = place.run("--print", every, script)
    assert (done.code, done.stdout) == (2, b"")
    assert "--print needs step, epoch or a number of steps" in done.ours
    assert repr(every) in done.ours
    assert os.listdir(place.path) == [script]


def test_an_unknown_place_on_a_read_only_directory_is_one_clear_line(place):
    if os.geteuid() == 0:
        place.write("", "blocked")  # root may write anywhere: a file in the way instead
        where = "blocked/run"
    else:
        (place.path / "locked").mkdir(mode=0o555)
        where = "locked/run"
    done = place.run("-o", where, "python", "-c", "print('never')")
    assert (done.code, done.stdout) == (2, b"")
    assert len(done.stderr.splitlines()) == 1
    assert where in done.ours
