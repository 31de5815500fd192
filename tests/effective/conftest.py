"""What the tests of measured steps share."""

from __future__ import annotations

import pytest
import torch

import lrscope


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def measured(tmp_path):
    """Run a function while every step is measured; return its result and the run."""
    count = 0

    def run(train, *args, effective="every=1", **kwargs):
        nonlocal count
        count += 1
        directory = tmp_path / f"run{count}"
        with lrscope.record(directory, effective=effective):
            result = train(*args, **kwargs)
        return result, lrscope.read_run(directory)

    return run
