"""Record a program with lrscope, read it independently, and compare."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

INDEPENDENT = Path(__file__).parent / "independent"
LIMIT = 200  # seconds; reached only when something hangs


class Laboratory:
    """Runs commands and brings recordings and readings into the same form.

    The form: for each process a list of optimizers in order of first step, each a
    dict from group to its calls of ``step()``: [number, rate in hex, updated].
    """

    def __init__(self, path: Path, finished) -> None:
        self.path = path
        self._finished = finished
        self._count = 0

    def _run(self, command: list[str], cwd: Path, **environment: str):
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LRSCOPE_", "PYTHON", "COV_"))
        }
        inherited["PATH"] = (
            os.path.dirname(sys.executable) + os.pathsep + inherited["PATH"]
        )
        return subprocess.run(
            command,
            cwd=cwd,
            env={
                **inherited,
                "OMP_NUM_THREADS": "1",
                "CUDA_VISIBLE_DEVICES": "",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )

    def bare(self, command: list[str], cwd: Path):
        """Run a command as it is."""
        return self._run(command, cwd)

    def read_independently(self, command: list[str], cwd: Path):
        """Run a command without lrscope; return how it ended and the readings."""
        self._count += 1
        directory = self.path / f"readings{self._count}"
        reader = {"PYTHONPATH": str(INDEPENDENT), "READINGS": str(directory)}

        def attempt():
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir()
            return self._run(command, cwd, **reader)

        done = self._finished(attempt)
        return done, sorted(map(_reading, directory.glob("*.jsonl")), key=repr)

    def record(self, command: list[str], cwd: Path, run: Path):
        """Run a command under lrscope; return how it ended and what was recorded."""
        words = [sys.executable, "-m", "lrscope", "run", "-o", str(run), "--"]
        is_new = not run.exists()

        def attempt():
            if is_new:
                shutil.rmtree(run, ignore_errors=True)
            return self._run([*words, *command], cwd)

        return self._finished(attempt)

    def accused(self, run: Path) -> set[str]:
        """Return the warnings and errors that an audit of a run ends with."""
        import lrscope
        from lrscope.audit.finding import INFO

        findings = lrscope.audit_run(lrscope.read_run(run)).findings
        return {each.name for each in findings if each.severity > INFO}

    def recorded(self, run: Path, segment: int = 0):
        """Return what the processes that took a step left in a segment of a run.

        One that an exception ended before its first step is recorded too: without
        tracks, as nothing that an independent reading could hold.
        """
        import lrscope

        if not run.exists():
            return []
        processes = lrscope.read_run(run).processes
        for each in processes:
            _check_applied(each)
            _check_glance(each)
        return sorted(
            (_recording(p) for p in processes if p.segment == segment and p.tracks),
            key=repr,
        )


def _check_glance(process):
    """Check that the closing line is the same however it was come by."""
    from lrscope.report.closing import at_a_glance
    from lrscope.report.summary import done_in

    seen = at_a_glance(str(process.path))
    assert seen is None or seen.parts() == done_in(process).parts()


def _reading(path: Path):
    optimizers: dict[int, dict[int, list]] = {}
    calls: dict[int, int] = {}
    for line in path.read_text().splitlines():
        optimizer, rates, updated = json.loads(line)
        call = calls.setdefault(optimizer, 0)
        calls[optimizer] += 1
        tracks = optimizers.setdefault(optimizer, {})
        for group, rate in rates.items():
            tracks.setdefault(int(group), []).append([call, rate, updated])
    return list(optimizers.values())  # a dict keeps the order of first step


def _recording(process):
    optimizers: dict[int, dict[int, list]] = {}
    for track in process.tracks:
        tried = track.attempted
        rows = zip(
            tried.steps.tolist(),
            map(float.hex, tried.lr.tolist()),
            tried.updated.tolist(),
        )
        optimizers.setdefault(track.optimizer.index, {})[track.group.index] = [
            list(each) for each in rows
        ]
    return [optimizers[each] for each in sorted(optimizers)]


def _check_applied(process) -> None:
    for track in process.tracks:
        tried = track.attempted
        assert track.applied.tobytes() == tried.lr[tried.updated].tobytes()
        assert len(track.steps) == tried.updated.sum()


@pytest.fixture
def laboratory(tmp_path: Path, finished) -> Laboratory:
    """Return a place to record and read programs."""
    return Laboratory(tmp_path, finished)
