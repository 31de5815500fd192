"""Training programs in the manner of public ones: what is recorded is what happened.

Each program runs bare under an independent reading and again under ``lrscope run``:
rates must agree bit for bit, and so must output and everything the program saves.
All of them are right: an audit has nothing to say against any.
"""

from __future__ import annotations

from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent / "scripts"
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
PROGRAMS = {
    "plain_loop": [],
    "trainer_class": [],
    "gan": [],
    "nano_lm": [],
    "mixed_precision fused": ["fused"],
    "mixed_precision plain": ["plain"],
    "accumulation": [],
    "lbfgs": [],
    "unfreezing": [],
}
SHAPES = {  # optimizers, groups of the first, calls of the first, of which updated
    "plain_loop": (1, 1, 36, 36),
    "trainer_class": (1, 2, 40, 40),
    "gan": (2, 1, 60, 60),
    "nano_lm": (1, 2, 50, 50),
    "mixed_precision fused": (1, 1, 30, 26),
    "mixed_precision plain": (1, 1, 30, 26),
    "accumulation": (1, 1, 12, 12),
    "lbfgs": (1, 1, 20, 20),
    "unfreezing": (1, 3, 36, 36),
}


def _in(directory: Path, name: str) -> Path:
    path = directory / name
    path.mkdir()
    return path


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_recorded_program_trains_the_same_and_its_rates_are_read_bit_for_bit(
    laboratory, tmp_path, program
):
    script = str(SCRIPTS / f"{program.split()[0]}.py")
    command = ["python", script, "saved.pt", *PROGRAMS[program]]
    here, there = _in(tmp_path, "bare"), _in(tmp_path, "recorded")
    bare, reading = laboratory.read_independently(command, here)
    done = laboratory.record(command, there, tmp_path / "run")
    assert (bare.returncode, done.returncode) == (0, 0), bare.stderr + done.stderr
    assert done.stdout == bare.stdout
    assert (there / "saved.pt").read_bytes() == (here / "saved.pt").read_bytes()
    assert laboratory.recorded(tmp_path / "run") == reading
    ((first, *others),) = reading
    optimizers, groups, calls, updated = SHAPES[program]
    assert (1 + len(others), len(first)) == (optimizers, groups)
    assert (len(first[0]), sum(each[2] for each in first[0])) == (calls, updated)
    assert laboratory.accused(tmp_path / "run") == set()


def test_a_resumed_training_is_one_run_of_two_segments(laboratory, tmp_path):
    import lrscope

    here, there = _in(tmp_path, "bare"), _in(tmp_path, "recorded")
    for segment, epochs in enumerate(("3", "8")):
        command = ["python", str(SCRIPTS / "resumed.py"), "saved.pt", epochs]
        bare, reading = laboratory.read_independently(command, here)
        done = laboratory.record(command, there, tmp_path / "run")
        assert done.stdout == bare.stdout
        assert (there / "saved.pt").read_bytes() == (here / "saved.pt").read_bytes()
        assert laboratory.recorded(tmp_path / "run", segment) == reading != []
    run = lrscope.read_run(tmp_path / "run")
    assert [len(each.tracks[0]) for each in run.processes] == [12, 20]
    kinds = [type(each).__name__ for each in run.processes[1].events]
    assert (
        kinds.count("OptimizerStateLoaded") == kinds.count("SchedulerStateLoaded") == 1
    )
    assert laboratory.accused(tmp_path / "run") == set()


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_nothing_is_said_against_an_example(laboratory, tmp_path, example):
    pytest.importorskip("sklearn")
    done = laboratory.record(["python", str(example)], tmp_path, tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert laboratory.accused(tmp_path / "run") == set()


def test_every_script_is_run():
    named = {each.split()[0] for each in PROGRAMS} | {"resumed"}
    assert named == {each.stem for each in SCRIPTS.glob("*.py")}
