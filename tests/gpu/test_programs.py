"""Programs on a GPU, as a person runs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from textwrap import dedent

import numpy as np
import pytest

import lrscope
from lrscope.recording.events import MeasuringGivenUp, ProcessEnded

from .trainings import needs_gpu

pytestmark = needs_gpu

HEAD = """
import os, sys, time, torch
from torch import nn
torch.manual_seed(0)
device = os.environ.get("DEVICE", "cuda")
model = nn.Linear(4, 2, device=device)
def step(optimizer):
    optimizer.zero_grad()
    loss = model(torch.ones(3, 4, device="cuda")).square().mean()
    loss.backward()
    optimizer.step()
def adam():
    rate = torch.tensor(0.25, device="cuda")
    return torch.optim.Adam(model.parameters(), lr=rate, capturable=True)
"""


def program(tmp_path, text):
    path = tmp_path / "train.py"
    path.write_text(HEAD + dedent(text))
    return path


def run(tmp_path, text, *options, words=()):
    path = program(tmp_path, text)
    return subprocess.run(
        [sys.executable, "-m", "lrscope", "run", "-o", tmp_path / "run", *options,
         *words, path],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_the_last_values_come_before_the_end(tmp_path):
    done = run(
        tmp_path,
        """
        optimizer = adam()
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        for _ in range(5):
            step(optimizer)
            scheduler.step()
        torch.cuda._sleep(int(1e9))
        step(optimizer)
        """,
        "--effective=every=1",
    )
    assert done.returncode == 0
    (track,) = lrscope.read_run(tmp_path / "run").main.tracks
    assert track.applied.tolist() == [0.25 * 0.5**index for index in range(6)]
    assert np.isfinite(track.loss).all()
    assert np.isfinite(track.measured.effective).all()
    assert len(track.measured) == 6


def test_a_crashed_gpu_leaves_what_was_recorded(tmp_path):
    text = """
    optimizer = adam()
    for _ in range(3):
        step(optimizer)
    torch.cuda.synchronize()
    step(optimizer)
    index = torch.tensor([7], device="cuda")
    torch.zeros(3, device="cuda")[index]
    step(optimizer)
    torch.cuda.synchronize()
    """
    alone = subprocess.run(
        [sys.executable, program(tmp_path, text)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    done = run(tmp_path, text, "--effective=every=1")
    print(done.stderr)
    assert done.returncode == alone.returncode
    assert "device-side assert" in done.stderr
    assert "could not be sealed" not in done.stderr
    found = lrscope.read_run(tmp_path / "run").main
    (track,) = found.tracks
    assert len(track.attempted.updated) >= 4
    assert track.applied[:3].tolist() == [0.25] * 3
    (ended,) = found.events.of(ProcessEnded)
    assert "device-side assert" in str(ended.exception)


def test_a_killed_process_keeps_its_steps(tmp_path):
    path = program(
        tmp_path,
        """
        optimizer = adam()
        for index in range(100_000):
            step(optimizer)
            print(index, flush=True)
        """,
    )
    with subprocess.Popen(
        [sys.executable, "-m", "lrscope", "run", "-o", tmp_path / "run",
         sys.executable, path],
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    ) as child:  # fmt: skip
        for line in child.stdout:
            if line.strip() == "200":
                os.killpg(child.pid, signal.SIGKILL)
                break
        last = int([line, *child.stdout.read().split()][-1])
    (track,) = lrscope.read_run(tmp_path / "run").main.tracks
    assert len(track.applied) >= last
    known = np.isfinite(track.applied)
    assert known.sum() >= len(known) - 5  # values that were still on their way
    assert (track.applied[known] == 0.25).all()


def test_a_training_on_the_cpu_leaves_the_gpu_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("DEVICE", "cpu")
    done = run(
        tmp_path,
        """
        optimizer = torch.optim.AdamW(model.parameters())
        for _ in range(3):
            model(torch.ones(3, 4)).sum().backward()
            optimizer.step()
        print(torch.cuda.is_initialized())
        """,
        "--effective=every=1",
    )
    assert done.stdout.strip() == "False"


def test_workers_of_a_loader_leave_nothing(tmp_path):
    done = run(
        tmp_path,
        """
        from torch.utils.data import DataLoader
        if __name__ == "__main__":
            loader = DataLoader(torch.ones(12, 4), 3, num_workers=2, pin_memory=True)
            optimizer = adam()
            for batch in loader:
                optimizer.zero_grad()
                model(batch.cuda(non_blocking=True)).sum().backward()
                optimizer.step()
        """,
    )
    assert done.returncode == 0, done.stderr
    (process,) = lrscope.read_run(tmp_path / "run").processes
    assert [len(each.applied) for each in process.tracks] == [4]


@pytest.mark.parametrize("way", ["ddp", "fsdp2"])
def test_torchrun(tmp_path, way):
    text = """
    import torch.distributed as dist
    from torch.nn.parallel import DistributedDataParallel
    dist.init_process_group("nccl")
    if sys.argv[1] == "ddp":
        wrapped = DistributedDataParallel(model)
    else:
        from torch.distributed.fsdp import fully_shard
        wrapped = fully_shard(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    for _ in range(4):
        optimizer.zero_grad()
        wrapped(torch.ones(3, 4, device="cuda")).square().mean().backward()
        optimizer.step()
        scheduler.step()
    dist.destroy_process_group()
    """
    path = program(tmp_path, text)
    done = subprocess.run(
        [sys.executable, "-m", "lrscope", "run", "--effective=every=1", "-o",
         tmp_path / "run", "--", sys.executable, "-m", "torch.distributed.run",
         "--standalone", "--nproc-per-node=1", path, way],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (process,) = lrscope.read_run(tmp_path / "run").processes
    (track,) = process.tracks
    assert track.applied.tolist() == [0.1 * 0.5**index for index in range(4)]
    assert len(track.measured) == 4
    assert not process.events.of(MeasuringGivenUp)


@pytest.mark.parametrize("every", ["step", "2"])
def test_printed_rates(tmp_path, every):
    done = run(
        tmp_path,
        """
        optimizer = adam()
        for _ in range(4):
            step(optimizer)
            torch.cuda.synchronize()
        """,
        "--print",
        every,
    )
    lines = [each for each in done.stderr.splitlines() if each.startswith("step")]
    steps = range(0, 4, 1 if every == "step" else int(every))
    assert lines == [f"step {index} · adam/all applied 2.50e-01" for index in steps]
