"""Overhead: what recording adds to a step, and what other ways of logging add."""

from __future__ import annotations

import sys
import tempfile

import torch

from benchmarks.training import Loop, Off, added_cost
from lrscope.capture.recorder import Recorder

LIMITS = {1: 6, 8: 8, 64: 15, 512: 80}
"""Microseconds that a step may cost more, by groups."""


def recording(directory: str) -> tuple[Recorder, object]:
    """Return a recorder and the function that switches it on."""
    recorder = Recorder(directory, 0)

    def on() -> Off:
        recorder._stopped = False
        recorder.start()
        return recorder._withdraw

    return recorder, on


def main() -> None:
    """Print one line for each number of groups."""
    torch.set_num_threads(1)
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    for groups, limit in LIMITS.items():
        loop = Loop(groups)
        with tempfile.TemporaryDirectory() as directory:
            recorder, on = recording(directory)
            ways = {"lrscope": on, "nothing": lambda: lambda: None}
            cost = added_cost(loop, ways, rounds if groups < 512 else rounds // 3)
            on()
            recorder.stop()
        print(groups, limit, {k: round(v, 2) for k, v in cost.items()}, flush=True)


if __name__ == "__main__":
    main()
