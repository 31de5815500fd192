"""What holds for all tests: no help from chance, and none from the shell around them.

Order is random (pytest-randomly prints the seed; repeat it with --randomly-seed=N).
"""

from __future__ import annotations

import os
import signal
import sys

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
        ours = name.startswith("LRSCOPE_") and name != "LRSCOPE_NATIVE"
        if ours or name in ("FORCE_COLOR", "NO_COLOR"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _nothing_announced():
    """Let no recording hear of what an earlier test drove and nobody collected yet."""
    listeners = sys.modules.get("lrscope.listeners")
    if listeners is not None:
        listeners.announced.clear()


@pytest.fixture(autouse=True)
def _one_thread():
    """Let trainings take one thread of their own, where torch is in use."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def finished():
    """Return what runs a command, again if torch aborted it while it ended.

    On a busy machine, gloo takes down one process in sixty after its last line, with
    and without lrscope; torchrun then ends the others. Each attempt starts afresh.
    """

    def run(attempt):
        for _ in range(4):
            done = attempt()
            text = done.stderr if isinstance(done.stderr, str) else done.stderr.decode()
            if "terminate called without an active exception" not in text:
                break
        return done

    return run


@pytest.fixture
def recorded(tmp_path):
    """Run a function while recording; return what it returned and the run."""
    import lrscope

    count = 0

    def run(train, *args, effective=None, **kwargs):
        nonlocal count
        count += 1
        directory = tmp_path / f"run{count}"
        with lrscope.record(directory, effective=effective):
            result = train(*args, **kwargs)
        return result, lrscope.read_run(directory)

    return run
