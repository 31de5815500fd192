"""What the tests of the compiled functions share: they need them."""

from __future__ import annotations

import pytest
import torch

from lrscope import compiled
from lrscope.capture import watch
from lrscope.recording import places

BOUND = (compiled, watch, places)
"""Modules that hold the compiled functions by name."""


@pytest.fixture(autouse=True)
def _compiled():
    if compiled.native is None:
        pytest.skip("lrscope._native was not compiled")


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def in_python():
    """Return a context in which Python does everything."""

    def context():
        patch = pytest.MonkeyPatch()
        for each in BOUND:
            patch.setattr(each, "native", None)
        return _Undone(patch)

    return context


class _Undone:
    def __init__(self, patch):
        self._patch = patch

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._patch.undo()
