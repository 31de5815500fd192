"""What the tests of the compiled functions share: they need them."""

from __future__ import annotations

import contextlib

import pytest

import lrscope
from lrscope import compiled
from lrscope.capture import watch
from lrscope.capture.effective import sums
from lrscope.recording import places

BOUND = (compiled, sums, watch, places)
"""Modules that hold the compiled functions by name."""


@pytest.fixture(autouse=True)
def _compiled():
    if compiled.native is None:
        pytest.skip("lrscope._native was not compiled")


@contextlib.contextmanager
def without_c():
    """Have Python do everything."""
    with pytest.MonkeyPatch.context() as patch:
        for each in BOUND:
            patch.setattr(each, "native", None)
        yield


@pytest.fixture
def in_python():
    """Return a context in which Python does everything."""
    return without_c


@pytest.fixture(params=["C", "Python"])
def record(request, tmp_path, in_python):
    """Return how to record, in C and in Python."""

    def recorded(train):
        if request.param == "Python":
            with in_python(), lrscope.record(tmp_path / "run"):
                train()
        else:
            with lrscope.record(tmp_path / "run"):
                train()
        return lrscope.read_run(tmp_path / "run").main

    return recorded
