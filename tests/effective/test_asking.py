"""What ``--effective`` takes, and what it refuses before the command is started."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

import lrscope
from lrscope.capture.effective.wanted import Wanted, wanted
from lrscope.cli import trial
from lrscope.cli.run import command
from lrscope.errors import UsageError

FORMS = {
    "": Wanted(),
    "every=1": Wanted(every=1),
    "every=100": Wanted(every=100),
    "budget=1%": Wanted(budget=0.01),
    "budget=0.2%": Wanted(budget=0.002),
    "budget=0.05": Wanted(budget=0.05),
    "budget=0.49": Wanted(budget=0.49),
    "budget=100%": Wanted(budget=1.0),
    "by=parameter": Wanted(by_parameter=True),
    "by=group": Wanted(),
    "every=7,by=parameter": Wanted(every=7, by_parameter=True),
    "by=parameter, budget=3%": Wanted(budget=0.03, by_parameter=True),
}

REFUSED = [
    "every=0", "every=-1", "every=1.5", "every=", "every", "every=x", "budget=200%",
    "budget=0", "budget=0%", "budget=-1%", "budget=nan", "budget=inf%", "budget=",
    "budget=%", "by=layer", "by=", "often", "every=2,budget=1%", "every=2,every=3",
    "by=group,by=parameter", "every=2;by=parameter", "Every=2", "1%", "=", "true",
    ",", " ", "every=2,", ",every=2", "every=2,,by=group", "every=2, ",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMS)
def test_every_form_is_understood(text):
    assert wanted(text) == FORMS[text]
    assert repr(lrscope.record(effective=text))


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_read_is_refused_in_one_line_that_holds_it(text):
    with pytest.raises(UsageError) as refused:
        wanted(text)
    message = str(refused.value)
    assert repr(text) in message
    assert "\n" not in message
    with pytest.raises(UsageError):
        lrscope.record(effective=text)


@pytest.mark.parametrize(
    ("value", "percent"),
    [("1", "100"), ("0.5", "50"), ("5", "500"), ("2.5", "250"), ("100", "10000")],
)
def test_a_share_of_half_the_time_or_more_needs_a_percent_sign(value, percent):
    with pytest.raises(UsageError) as refused:
        wanted(f"budget={value}")
    assert str(refused.value) == (
        f"budget={value} means {percent} % of the time; did you mean {value}%? "
        f"got 'budget={value}'"
    )


@pytest.mark.parametrize("value", [True, 5, 0.01, ["every=5"]])
def test_in_python_it_is_a_text(value):
    with pytest.raises(UsageError, match="effective takes"):
        lrscope.record(effective=value)


WORDS = {
    "--effective python a.py": ("", ["python", "a.py"]),
    "--effective=every=5 python a.py": ("every=5", ["python", "a.py"]),
    "-o x --effective python a.py": ("", ["python", "a.py"]),
    "--effective -o x python a.py": ("", ["python", "a.py"]),
    "--print step --effective=by=parameter a.py": ("by=parameter", ["a.py"]),
    "--audit --effective a.py": ("", ["a.py"]),
    "--effective --audit a.py": ("", ["a.py"]),
    "--audit --effective=every=5 -o x a.py": ("every=5", ["a.py"]),
    "--output=x --effective=every=5 a.py": ("every=5", ["a.py"]),
    "--effective -- a.py": ("", ["a.py"]),
    "--effective=every=5 -- a.py --effective": ("every=5", ["a.py", "--effective"]),
    "--effective a.py --effective=every=0": ("", ["a.py", "--effective=every=0"]),
    "a.py --effective=every=0": (None, ["a.py", "--effective=every=0"]),
    "--audit a.py --effective": (None, ["a.py", "--effective"]),
    "-- a.py --effective": (None, ["a.py", "--effective"]),
    "-o --effective a.py": (None, ["a.py"]),
    "--audit -o --effective a.py": (None, ["a.py"]),
}


@pytest.mark.parametrize("words", WORDS)
def test_it_may_stand_anywhere_before_the_command_and_what_follows_is_the_commands(
    monkeypatch, words
):
    held = []
    monkeypatch.setattr(trial, "hold", held.append)
    split = words.split()
    at_once = trial.from_words(["run", *split])
    result = CliRunner().invoke(command, split)
    assert result.exit_code == 0, result.output
    expected = WORDS[words]
    assert (held[0].effective, held[0].command) == expected
    if at_once is not None:
        assert (at_once.effective, at_once.command) == expected
        assert at_once.output == held[0].output


def _run(tmp_path, *words):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LRSCOPE")}
    return subprocess.run(
        [sys.executable, "-m", "lrscope", "run", *words],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [["--effective=every=0"], ["--audit", "--effective=budget=200%"]],
    ids=["alone", "with others"],
)
def test_what_is_refused_ends_with_code_2_before_the_command_is_started(
    tmp_path, words
):
    program = "from pathlib import Path; Path('ran').touch()"
    done = _run(tmp_path, *words, sys.executable, "-c", program)
    assert done.returncode == 2
    assert not done.stdout
    (line,) = done.stderr.splitlines()
    assert words[-1].partition("=")[2] in line
    assert not list(tmp_path.iterdir())


TRAINING = """
import sys
import torch
print(sys.argv[1:])
weight = torch.nn.Parameter(torch.ones(3))
optimizer = torch.optim.SGD([weight], lr=0.5)
for _ in range(6):
    optimizer.zero_grad()
    weight.square().sum().backward()
    optimizer.step()
"""


def test_an_unmodified_program_is_measured(tmp_path):
    (tmp_path / "train.py").write_text(TRAINING)
    done = _run(
        tmp_path, "--effective=every=2", "-o", "run", "train.py", "--effective=every=0"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['--effective=every=0']\n"
    track = lrscope.read_run(tmp_path / "run").track("sgd/all")
    assert track.measured.steps.tolist() == [0, 2, 4]
    assert abs(track.measured.effective[0] - 0.5) < 1e-6
    assert track.loss[0] == 3.0
