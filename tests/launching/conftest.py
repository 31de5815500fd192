"""Run a program twice, bare and under ``lrscope run``, and compare."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

LIMIT = 120  # seconds for one command; reached only when something hangs

TRAINING = """
import torch

model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)

def train(steps):
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
        scheduler.step()

"""
HALVES = [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625]
"""The rates that ``train`` applies, one after the other."""


@dataclass
class Ended:
    """How a command ended and what it wrote."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def theirs(self) -> bytes:
        """Standard error without the lines that are lrscope's own."""
        lines = self.stderr.splitlines(keepends=True)
        return b"".join(each for each in lines if not each.startswith(b"lrscope:"))

    @property
    def ours(self) -> str:
        """The lines on standard error that are lrscope's own."""
        lines = self.stderr.decode().splitlines()
        return "\n".join(each for each in lines if each.startswith("lrscope:"))


class Place:
    """A directory with programs in it, and the ways to run them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run_directory = path / "run"
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LRSCOPE_", "PYTHON", "COV_"))
        }
        self.environment["OMP_NUM_THREADS"] = "1"
        bin_directory = os.path.dirname(sys.executable)
        self.environment["PATH"] = bin_directory + os.pathsep + os.environ["PATH"]
        self.lrscope = [sys.executable, "-m", "lrscope"]
        self.halves = HALVES

    def write(self, text: str, name: str = "train.py", *, trains: bool = False) -> str:
        """Write a program, with the training above it if wanted; return its name."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((TRAINING if trains else "") + dedent(text))
        return name

    def bare(self, *command: str, stdin: bytes = b"", **environment: str) -> Ended:
        """Run a command as it is."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env={**self.environment, **environment},
            input=stdin,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def run(self, *words: str, stdin: bytes = b"", **environment: str) -> Ended:
        """Run ``lrscope run`` with words after it."""
        return self.bare(*self.lrscope, "run", *words, stdin=stdin, **environment)

    def twins(
        self, *command: str, stdin: bytes = b"", **environment: str
    ) -> tuple[Ended, Ended]:
        """Run a command bare and recorded."""
        bare = self.bare(*command, stdin=stdin, **environment)
        words = ("-o", str(self.run_directory), *command)
        return bare, self.run(*words, stdin=stdin, **environment)

    def applied(self, run: Path | None = None) -> list[list[float]]:
        """Return the rates of the only track of each process of a run."""
        import lrscope

        found = []
        for process in lrscope.read_run(run or self.run_directory).processes:
            (track,) = process.tracks
            found.append(track.applied.tolist())
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return an empty directory to run programs in."""
    directory = tmp_path / "work"
    directory.mkdir()
    return Place(directory)
