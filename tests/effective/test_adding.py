"""Sums of parameters, groups, ranks and shards add up."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import Adam

import lrscope
from lrscope.report.page import page_of

from .oracle import assert_measured, net, train

NAMES = (
    "moved_moved", "moved_gradient", "moved_weight", "gradient_gradient",
    "gradient_weight", "weight_weight", "gradient_not_zero", "elements_moved",
)  # fmt: skip


def _grouped(model):
    return Adam(
        [
            {"params": list(model[0].named_parameters()), "lr": 0.1},
            {"params": list(model[2].named_parameters()), "lr": 0.01},
        ]
    )


def test_parameters_measured_apart_add_up_to_their_group(measured):
    def run():
        model = net()
        return train(_grouped(model), model)

    oracle, run = measured(run, effective="every=1,by=parameter")
    for number, track in enumerate(run.main.tracks):
        assert_measured(track, number, oracle)
        assert list(track.parameters) == ["weight", "bias"]
        assert track.measured.parameter is None
        for name in NAMES:
            parts = [getattr(p.sums, name) for p in track.parameters.values()]
            np.testing.assert_allclose(
                sum(parts), getattr(track.measured.sums, name), rtol=1e-12
            )
        assert [p.parameter for p in track.parameters.values()] == ["weight", "bias"]
        assert sum(p.elements for p in track.parameters.values()) == (
            track.measured.elements
        )


def test_groups_add_up_to_the_optimizer(measured):
    def both(model):
        return train(_grouped(model), model)

    oracle, run = measured(lambda: both(net()))
    first, second = (each.measured for each in run.main.tracks)
    together = first + second
    for step, groups in enumerate(oracle.steps):
        for name in NAMES:
            expected = sum(each[name] for each in groups)
            found = getattr(together.sums, name)[step]
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-13)
    assert together.elements == 66


def test_of_large_parameters_the_estimates_add_up_with_their_errors(measured):
    def run():
        torch.manual_seed(0)
        weights = [nn.Parameter(torch.randn(40_000)) for _ in range(2)]
        optimizer = Adam(weights, lr=0.01)
        for each in weights:
            each.grad = torch.randn(40_000)
        optimizer.step()

    _, run = measured(run, effective="every=1,by=parameter")
    (track,) = run.main.tracks
    one, other = track.parameters.values()
    np.testing.assert_allclose(
        track.measured.sums.errors, one.sums.errors + other.sums.errors, rtol=1e-12
    )
    assert (track.measured.effective_error > 0).all()


TRAINING = """
import os, sys
import torch
import torch.distributed as dist
from torch import nn

torch.set_num_threads(1)
way = sys.argv[1]
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 12), nn.Tanh(), nn.Linear(12, 6), nn.Tanh(), nn.Linear(6, 3))
rank, world = 0, 1
if way != "alone":
    dist.init_process_group("gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
if way == "ddp":
    model = nn.parallel.DistributedDataParallel(model)
if way == "fsdp":
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard
    mesh = init_device_mesh("cpu", (world,))
    fully_shard(model[0], mesh=mesh)
    fully_shard(model, mesh=mesh)
if way == "fsdp1":
    from torch.distributed.fsdp import FullyShardedDataParallel
    model = FullyShardedDataParallel(
        model, use_orig_params=True, device_id=torch.device("cpu")
    )
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
torch.manual_seed(1)
for _ in range(3):
    values = torch.randn(4, 8)
    own = values[rank * 4 // world : (rank + 1) * 4 // world]
    optimizer.zero_grad()
    model(own).square().mean().backward()
    optimizer.step()
if way != "alone":
    dist.destroy_process_group()
"""


def _trained(finished, folder, way, effective):
    (folder / "train.py").write_text(TRAINING)
    launch = [sys.executable, "train.py", way]
    if way != "alone":
        launch = [
            sys.executable, "-m", "torch.distributed.run", "--standalone",
            "--nproc_per_node", "2", "train.py", way,
        ]  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LRSCOPE")}
    run = "run", f"--effective={effective}", "-o", way

    def attempt():
        shutil.rmtree(folder / way, ignore_errors=True)
        return subprocess.run(
            [sys.executable, "-m", "lrscope", *run, *launch],
            cwd=folder, env={**environment, "OMP_NUM_THREADS": "1"},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    done = finished(attempt)
    assert done.returncode == 0, done.stderr
    return lrscope.read_run(folder / way)


@pytest.mark.slow
@pytest.mark.xdist_group("torchrun")
@pytest.mark.parametrize("way", ["ddp", "fsdp", "fsdp1"])
@pytest.mark.parametrize("by", ["", ",by=parameter"], ids=["group", "parameter"])
def test_two_ranks_tell_what_one_process_does_on_the_same_batch(
    finished, tmp_path, way, by
):
    alone = _trained(finished, tmp_path, "alone", f"every=1{by}").measured("sgd/all")
    run = _trained(finished, tmp_path, way, f"every=1{by}")
    assert len(run.processes) == 2
    found = run.measured("sgd/all")
    assert found.steps.tolist() == alone.steps.tolist() == [0, 1, 2]
    assert found.elements == alone.elements == 8 * 12 + 12 + 12 * 6 + 6 + 6 * 3 + 3
    for name in ("effective", "update_to_weight", "gradient_norm", "weight_norm",
                 "cosine", "update_rms"):  # fmt: skip
        np.testing.assert_allclose(
            getattr(found, name), getattr(alone, name), rtol=1e-4, err_msg=name
        )
    told = [each for each in page_of(run).remarks if each.startswith("sharded: ")]
    assert bool(told) == (way != "ddp")
    if way != "ddp":  # each rank measures its own shard
        assert run.main.tracks[0].measured.elements < alone.elements
        next((tmp_path / way).glob("*rank1*.lrs")).unlink()
        assert lrscope.read_run(tmp_path / way).measured("sgd/all") is None
