"""What the tests of measured steps share."""

from __future__ import annotations

import functools

import pytest


@pytest.fixture
def measured(recorded):
    """Run a function while every step is measured; return its result and the run."""
    return functools.partial(recorded, effective="every=1")
