"""Killed at any instant, a process loses no step that it completed."""

from __future__ import annotations

import json
import mmap
import os
import random
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lrscope
from lrscope.recording import opening

from .building import bits

PARENT = """
import json, mmap, os, random, signal, sys, time
variant, run, kills, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
if variant == "without numpy":
    sys.modules["numpy"] = None
else:
    from lrscope.recording import chunk  # loaded once, for all children
from lrscope.recording import tail
from lrscope.recording.writer import Writer
if variant == "written":
    tail.SAFE_TO_MAP = frozenset()

shared = mmap.mmap(-1, 4096)
counts = memoryview(shared).cast("Q")  # one store each: a kill cannot tear it

def write(number):
    head = {"rank": number, "world_size": None, "pid": os.getpid(), "segment": 0}
    head.update(command=["python", "train.py"], started=float(number))
    name = f"{run}/segment000-rank{number}-pid{os.getpid()}"
    writer = Writer(name, head, half=4096)
    assert (writer.why_not_mapped is not None) == (variant == "written")
    groups = [{"group": k, "name": f"g{k}", "tensors": 1, "elements": 1, "lr": 0.0,
               "settings": {}} for k in range(10)]
    writer.event({"event": "optimizer_constructed", "row": 0, "after": 0, "time": 1.0,
                  "optimizer": 0, "class_name": "SGD", "module": "torch.optim",
                  "how": "constructed", "groups": groups, "where": None})
    layouts = {}
    put, events = writer.put, 0
    for n in range(10**9):
        width = 2 if n < 700 else 10
        if width not in layouts:
            columns = [[k, "lr"] for k in range(width)]
            layouts[width] = writer.layout(
                {"holds": "step", "optimizer": 0, "columns": columns}, width)
        if n % 50 == 0:
            signature = writer.signature([n])
            writer.event({"event": "note", "row": n, "time": 1.0, "n": n})
            counts[1] = events = events + 1
        put(layouts[width], signature, 1, [n * (k + 1) * 1e-3 for k in range(width)])
        counts[0] = n + 1

chance = random.Random(seed)
killed = []
for number in range(kills):
    counts[0] = counts[1] = 0
    child = os.fork()
    if child == 0:
        try:
            write(number)
        finally:
            os._exit(1)
    wanted = chance.randrange(1600)
    deadline = time.monotonic() + 30
    while counts[0] < wanted and time.monotonic() < deadline:
        pass
    instant = time.perf_counter() + chance.random() * 1e-3
    while time.perf_counter() < instant:
        pass
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"writer {number} ended by itself"
    killed.append([counts[0], counts[1]])
json.dump(killed, sys.stdout)
"""


@pytest.mark.parametrize("variant", ["mapped", "written", "without numpy"])
def test_no_kill_loses_a_row_that_was_put(tmp_path: Path, variant: str) -> None:
    opening.begin_segment(tmp_path, ["python", "train.py"])
    seed = ["mapped", "written", "without numpy"].index(variant)
    command = [sys.executable, "-c", PARENT, variant, tmp_path, "60", str(seed)]
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=env).stdout
    killed = json.loads(out)
    assert len(killed) == 60
    run = lrscope.read_run(tmp_path) if any(n for n, _ in killed) else None
    assert run is not None
    assert run.unreadable == {} or all(
        killed[_rank(name)] == [0, 0] for name in run.unreadable
    )
    seen = {process.rank: process for process in run.processes}
    for number, (completed, told) in enumerate(killed):
        if number not in seen:
            assert completed == told == 0
            continue
        process = seen[number]
        notes = [each.details["n"] for each in process.events if _is_note(each)]
        assert notes[:told] == list(range(0, 50 * told, 50))
        rows = process.rows.count
        assert completed <= rows <= completed + 1, (number, process.problem)
        for track in process.tracks:
            steps = track.steps
            first = 0 if track.group.index < 2 else 700
            assert steps.tolist() == list(range(first, rows))
            assert bits(track.applied) == bits(steps * (track.group.index + 1) * 1e-3)


def _is_note(event: Any) -> bool:
    return getattr(event, "kind", None) == "note"


def _rank(name: str) -> int:
    return int(name.split("rank")[1].split("-", maxsplit=1)[0])


TRAINER = """
import mmap, os, signal, sys, time
import torch

torch.set_num_threads(1)
file = open(sys.argv[1], "r+b")
shared = mmap.mmap(file.fileno(), 0)
numbers, rates = memoryview(shared).cast("Q"), memoryview(shared).cast("d")

def train(base):
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.99)
    numbers[base + 1] = os.getpid()
    for n in range(2000):
        optimizer.zero_grad()
        model(torch.ones(4, 3)).square().mean().backward()
        rates[base + 2 + n] = optimizer.param_groups[0]["lr"]
        optimizer.step()
        numbers[base] = n + 1
        scheduler.step()

if len(sys.argv) == 2:
    train(0)
    sys.exit()
torch.optim.SGD([torch.zeros(1)])  # loads once what every child would load
for number in range(int(sys.argv[2])):
    base = number * 2048
    child = os.fork()
    if child == 0:
        train(base)
        os._exit(0)
    wanted = number * 67 % 400
    while numbers[base] < wanted:
        time.sleep(1e-4)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""


def _shared(path: Path, children: int) -> memoryview:
    path.write_bytes(bytes(children * 2048 * 8))
    with path.open("r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), 0))


def _check(run: Any, own: bytes) -> None:
    completed, pid = struct.unpack_from("QQ", own)
    found = [each for each in run.processes if each.pid == pid]
    if completed == 0 and not found:
        return
    (process,) = found
    assert process.problem is None
    assert not process.ended
    if completed == 0 and not process.tracks:
        return
    (track,) = process.tracks
    assert completed <= len(track) <= completed + 1
    used = np.frombuffer(own, np.float64)[2 : 2 + len(track)]
    assert bits(track.applied) == bits(used)
    assert track.steps.tolist() == list(range(len(track)))


def test_no_kill_of_a_forked_training_loses_a_step(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(TRAINER)
    shared = _shared(tmp_path / "shared", 20)
    command = [sys.executable, "-m", "lrscope", "run", "-o", tmp_path / "run"]
    command += [sys.executable, "train.py", "shared", "20"]
    subprocess.run(command, check=True, cwd=tmp_path, stderr=subprocess.PIPE)
    run = lrscope.read_run(tmp_path / "run")
    assert len(run.processes) >= 15
    for number in range(20):
        _check(run, bytes(shared[number * 16384 : (number + 1) * 16384]))


def kill_a_training(folder: Path, wanted: int) -> None:
    """Kill the process that trains below ``lrscope run``, once it is that far."""
    (folder / "train.py").write_text(TRAINER)
    shared = _shared(folder / "shared", 1)
    numbers = shared.cast("Q")
    command = [sys.executable, "-m", "lrscope", "run", "-o", folder / "run"]
    command += [sys.executable, "train.py", "shared"]
    launcher = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while numbers[0] < wanted or numbers[1] == 0:
        assert launcher.poll() is None
        assert time.monotonic() < deadline
        time.sleep(1e-4)
    os.kill(numbers[1], signal.SIGKILL)
    _, told = launcher.communicate(timeout=60)
    assert launcher.returncode == -signal.SIGKILL
    run = lrscope.read_run(folder / "run")
    _check(run, bytes(shared))
    assert run.segments[0].exit_code == -signal.SIGKILL
    assert f"{len(run.processes[0].tracks[0])} steps" in told


def test_no_kill_of_a_training_loses_a_step(tmp_path: Path) -> None:
    kill_a_training(tmp_path, random.Random(0).randrange(100, 400))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 13))
def test_no_kill_at_a_random_step_loses_one(tmp_path: Path, seed: int) -> None:
    kill_a_training(tmp_path, random.Random(seed).randrange(1, 1500))
