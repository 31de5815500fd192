"""Trouble with the disk ends the recording with one warning, never the training."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import lrscope
from lrscope.recording.contents import read_contents
from lrscope.recording.events import RowsWrittenSlowly
from lrscope.recording.rowset import Rowset

from .building import begin, bits, steps

STEPS = 1500
TRAIN = f"""
import hashlib, os, shutil, subprocess, sys
import torch
torch.manual_seed(0)
model = torch.nn.Linear(4, 3)
groups = [{{"params": [p], "lr": 0.1 / (k + 1)}} for k, p in enumerate(model.parameters())]
optimizer = torch.optim.SGD(groups, momentum=0.9)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.999)
for n in range({STEPS}):
    if n == int(sys.argv[1]):
        sys.stdout.flush()
        subprocess.run(sys.argv[2:], check=True)
    optimizer.zero_grad()
    model(torch.ones(2, 4)).square().mean().backward()
    optimizer.step()
    scheduler.step()
weights = b"".join(p.detach().numpy().tobytes() for p in model.parameters())
print(hashlib.sha256(weights).hexdigest())
sys.exit(5)
"""
WARNING = re.compile(
    r"^lrscope:.*(warning|stopped|gone|cannot|could not)", re.MULTILINE
)


def trained(folder: Path, *words: str | Path, run: Path | None = None,
            before: Callable[[], None] | None = None) -> tuple[str, str]:  # fmt: skip
    """Train, recorded if there is a ``run``, and return both outputs."""
    script = folder / "train.py"
    script.write_text(TRAIN)
    command = [sys.executable, script, *(words or ("-1",))]
    if run is not None:
        command = [sys.executable, "-m", "lrscope", "run", "-o", run, *command]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, preexec_fn=before
    )
    assert done.returncode == 5, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    out, err = trained(tmp_path_factory.mktemp("plain"))
    assert err == ""
    return out


def check_prefix(run: Path) -> int:
    """Check that what was recorded is right and return how many steps there are."""
    process = lrscope.read_run(run).main
    first, second = process.tracks
    lr = [0.1]
    for _ in range(len(first) - 1):
        lr.append(lr[-1] * 0.999)
    assert bits(first.applied) == bits(lr)
    assert np.allclose(second.applied, first.applied / 2, rtol=1e-12)
    assert first.steps.tolist() == list(range(len(first)))
    return len(first)


def mounted(kind: str, folder: Path, options: str) -> Iterator[Path]:
    folder.mkdir()
    command = ["mount", "-t", kind, "-o", options, "none", str(folder)]
    if os.geteuid() or shutil.which("mount") is None:
        pytest.skip("mounting needs root")
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip(f"a {kind} cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    yield from mounted("tmpfs", tmp_path / "disk", "size=64k")


@pytest.fixture
def strange_disk(tmp_path: Path) -> Iterator[Path]:
    yield from mounted("ramfs", tmp_path / "disk", "mode=755")


def test_a_full_disk_does_not_stop_the_training(
    tmp_path: Path, small_disk: Path, weights: str
) -> None:
    out, err = trained(tmp_path, run=small_disk / "run")
    assert out == weights
    assert len(WARNING.findall(err)) == 1, err
    assert "No space left" in err
    assert 100 < check_prefix(small_disk / "run") < STEPS


def test_a_file_size_limit_does_not_stop_the_training(
    tmp_path: Path, weights: str
) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, 64 << 10))

    out, err = trained(tmp_path, run=tmp_path / "run", before=limit)
    assert out == weights
    assert len(WARNING.findall(err)) == 1, err
    assert 100 < check_prefix(tmp_path / "run") < STEPS


def test_a_directory_that_becomes_read_only_does_not_stop_the_training(
    tmp_path: Path, small_disk: Path, weights: str
) -> None:
    words = ["0", "mount", "-o", "remount,ro", str(small_disk)]
    out, err = trained(tmp_path, *words, run=small_disk / "run")
    assert out == weights
    assert len(WARNING.findall(err)) == 1, err
    assert "Read-only" in err


def test_a_read_only_directory_is_refused_before_the_training(
    tmp_path: Path, small_disk: Path
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    command = [
        sys.executable,
        "-m",
        "lrscope",
        "run",
        "-o",
        small_disk / "run",
        "echo",
        "x",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Read-only" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("step", [0, 700])
def test_a_vanished_directory_does_not_stop_the_training(
    tmp_path: Path, weights: str, step: int
) -> None:
    words = [str(step), "rm", "-r", str(tmp_path / "run")]
    out, err = trained(tmp_path, *words, run=tmp_path / "run")
    assert out == weights
    assert len(WARNING.findall(err)) == 1, err
    assert not (tmp_path / "run").exists()


def test_a_strange_file_system_is_written_to_and_not_mapped(
    tmp_path: Path, strange_disk: Path, weights: str
) -> None:
    out, err = trained(tmp_path, run=strange_disk / "run")
    assert out == weights
    assert WARNING.findall(err) == []
    assert check_prefix(strange_disk / "run") == STEPS
    process = lrscope.read_run(strange_disk / "run").main
    (slow,) = (each for each in process.events if isinstance(each, RowsWrittenSlowly))
    assert "ramfs" in slow.why
    assert process.ended


FILL = """
import os, sys
from lrscope.recording.writer import Writer
head = {"rank": None, "world_size": None, "pid": 1, "segment": 0, "command": [], "started": 1.0}
writer = Writer(sys.argv[1] + "/segment000-pid1", head, half=16384)
assert writer.why_not_mapped is None, writer.why_not_mapped
columns = [[0, "lr"], [1, "lr"]]
layout = writer.layout({"holds": "step", "optimizer": 0, "columns": columns}, 2)
signature = writer.signature([])
rows = 0
try:
    while rows < 10_000:
        if rows == 100:
            with open(sys.argv[1] + "/filler", "wb", buffering=0) as file:
                try:
                    while file.write(bytes(4096)):
                        pass
                except OSError:
                    pass
        writer.put(layout, signature, 1, [rows ** 0.5, rows / 7])
        rows += 1
except OSError:
    pass
print(rows)
"""


def test_rows_in_a_mapped_tail_survive_a_disk_that_fills_up(small_disk: Path) -> None:
    command = [sys.executable, "-c", FILL, small_disk]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = int(done.stdout)
    assert 100 < rows < 9000
    found = Rowset(read_contents(small_disk / "segment000-pid1.lrs"))
    where, values = found.column({1: 1})
    assert where.tolist() == list(range(len(where)))
    assert len(where) >= rows
    assert bits(values) == bits(where / 7)


def test_a_frame_that_was_torn_by_a_full_disk_hides_no_later_row(
    tmp_path: Path,
) -> None:
    writer = begin(tmp_path)
    layout = steps(writer, 0, [[0, "lr"]])
    signature = writer.signature([])
    for n in range(20):
        writer.put(layout, signature, 1, [n / 7])
    path = Path(writer.path + ".lrs")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 5, before[1]))
    try:
        with pytest.raises(OSError, match=r"space|large"):
            writer.event({"event": "x"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    try:
        writer.close()  # there is room again
    except OSError:
        writer.abandon()
    found = Rowset(read_contents(path))
    assert bits(found.column({1: 0})[1]) == bits(np.arange(20) / 7)


STUBBORN = """
import mmap, sys
class Stubborn(mmap.mmap):
    def madvise(self, *arguments):
        raise OSError(38, "Function not implemented")
mmap.mmap = Stubborn
import torch, lrscope
with lrscope.record(sys.argv[1]):
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for _ in range(500):
        weight.grad = torch.ones(2)
        optimizer.step()
"""


def test_a_kernel_that_takes_no_hints_records_all_the_same(tmp_path):
    command = [sys.executable, "-c", STUBBORN, tmp_path / "run"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(lrscope.read_run(tmp_path / "run").track("sgd/all")) == 500
