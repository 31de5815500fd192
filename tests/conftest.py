"""What holds for all tests: no help from chance, and none from the shell around them.

Order is random (pytest-randomly prints the seed; repeat it with --randomly-seed=N).
"""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

settings.register_profile("lrscope", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("lrscope")

# a shell starts jobs in the background with SIGINT ignored, and children inherit that
signal.signal(signal.SIGINT, signal.default_int_handler)

# children inherit it: several small trainings share two cores
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def _outside_of_any_run(monkeypatch):
    """Let no test see that it is itself recorded, or where colours are wanted."""
    for name in list(os.environ):
        if name.startswith("LRSCOPE_") or name in ("FORCE_COLOR", "NO_COLOR"):
            monkeypatch.delenv(name)
