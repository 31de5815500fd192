"""Killed in the middle of a measured run, or cut anywhere, a recording has a prefix."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

import lrscope
from lrscope.errors import RecordingError
from lrscope.recording.sums import Sums

TRAINING = """
import os, signal, sys
import torch

torch.manual_seed(0)
weights = [torch.nn.Parameter(torch.randn(size)) for size in (5, 20_000, 7)]
optimizer = torch.optim.Adam(weights[:2], lr=0.1)
for step in range(40):
    if step == 20:
        optimizer.add_param_group({"params": weights[2:]})
    optimizer.zero_grad()
    sum(each.square().sum() for each in weights).backward()
    optimizer.step()
    print(step, flush=True)
    if step == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
"""


def _killed(folder, effective, last):
    (folder / "train.py").write_text(TRAINING)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LRSCOPE")}
    command = [sys.executable, "-m", "lrscope", "run", f"--effective={effective}", "-o"]
    done = subprocess.run(
        [*command, "run", "train.py", str(last)],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert done.stdout.split()[-1] == str(last)
    return folder / "run"


def _told(run):
    """Return what a run tells of measured steps and losses, by track."""
    told = {}
    for track in run.main.tracks:
        for name, found in {None: track.measured, **track.parameters}.items():
            if found is not None:
                told[track.group.index, name] = found
        told[track.group.index, "loss"] = track.loss
    return told


def _is_prefix(found, truth):
    for key, some in found.items():
        whole = truth[key]
        if key[1] == "loss":
            assert some.tolist() == whole[: some.size].tolist()
            continue
        assert some.steps.tolist() == whole.steps[: len(some)].tolist()
        for name in Sums.__slots__:
            np.testing.assert_array_equal(
                getattr(some.sums, name),
                getattr(whole.sums, name)[..., : len(some)],
                err_msg=f"{key} {name}",
            )


@pytest.mark.parametrize(
    "effective",
    [pytest.param("every=1", marks=pytest.mark.slow), "every=1,by=parameter"],
)
def test_of_a_run_that_is_killed_every_step_is_there_and_any_cut_is_a_prefix(
    tmp_path, effective
):
    path = _killed(tmp_path, effective, 30)
    run = lrscope.read_run(path)
    assert not run.main.ended
    truth = _told(run)
    track = run.main.tracks[0]
    assert track.measured.steps.tolist() == list(range(31))
    assert run.main.tracks[1].measured.steps.tolist() == list(range(20, 31))
    assert np.isfinite(track.loss).all()
    assert (track.measured.effective_error > 0).all()

    lengths = set()
    for ending in (".lrs", ".tail"):
        (whole,) = path.glob("*" + ending)
        data = whole.read_bytes()
        size = len(data.rstrip(b"\0")) + 8
        for cut in range(0, size, 301 if ending == ".lrs" else 200):
            whole.write_bytes(data[:cut])
            try:
                found = _told(lrscope.read_run(path))
            except RecordingError as error:
                assert str(error)  # noqa: PT017 - one of two right answers
                continue
            _is_prefix(found, truth)
            lengths.add(len(found.get((track.group.index, None), ())))
        whole.write_bytes(data)
    assert len(lengths) > 5


def test_a_step_of_which_a_part_is_missing_is_not_told(tmp_path):
    path = _killed(tmp_path, "every=1", 10)
    (tail,) = path.glob("*.tail")
    data = tail.read_bytes()
    whole = lrscope.read_run(path).main.tracks[0].measured
    lengths = []
    size = len(data.rstrip(b"\0")) + 8
    for cut in [*range(0, size, 64), size]:
        copy = tmp_path / "copy"
        shutil.copytree(path, copy)
        next(copy.glob("*.tail")).write_bytes(data[:cut])
        found = lrscope.read_run(copy).main.tracks
        if found and found[0].measured:
            measured = found[0].measured
            lengths.append(len(measured))
            assert (measured.sums.gradient_finite > 0).all()
            assert (measured.effective_error > 0).all()
        shutil.rmtree(copy)
    assert set(lengths) >= set(range(2, len(whole) + 1))


FORKED = """
import os
import torch

torch.manual_seed(0)
weight = torch.nn.Parameter(torch.randn(9))
optimizer = torch.optim.SGD([weight], lr=0.1)

def train(steps):
    for _ in range(steps):
        optimizer.zero_grad()
        weight.square().sum().backward()
        optimizer.step()

train(BEFORE)
child = os.fork()
if child == 0:
    train(3)
    exit()
os.waitpid(child, 0)
train(2)
"""


@pytest.mark.parametrize("before", [pytest.param(0, marks=pytest.mark.slow), 3])
def test_a_forked_child_measures_for_itself(tmp_path, before):
    program = FORKED.replace("BEFORE", str(before))
    (tmp_path / "train.py").write_text(program)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LRSCOPE")}
    command = [sys.executable, "-m", "lrscope", "run", "--effective=every=1", "-o"]
    done = subprocess.run(
        [*command, "run", "train.py"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = lrscope.read_run(tmp_path / "run")
    processes = run.processes
    assert len(processes) == 2
    # no rank of one job: they are not added up
    own = run.main.tracks[0].measured
    assert run.measured("all").sums.weight_weight.tolist() == (
        own.sums.weight_weight.tolist()
    )
    pids = {each.pid for each in processes}
    for process in processes:
        (track,) = process.tracks
        is_child = process.head["parent"] in pids
        steps = 3 if is_child else before + 2
        assert track.measured.steps.tolist() == list(range(steps))
        np.testing.assert_allclose(track.measured.effective, 0.1, rtol=1e-5)
        assert track.measured.elements == 9
        assert np.isfinite(track.measured.update_rms).all()
        assert np.isfinite(track.loss).all()
