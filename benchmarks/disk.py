"""Disk: how large a run is after it ended."""

from __future__ import annotations

import tempfile

from benchmarks.fresh import fresh
from benchmarks.result import Result
from benchmarks.writing import PER_PASS, PER_STEP, write

GROUPS = 8
STEPS = 1_000_000
LIMITS = dict.fromkeys(PER_STEP, 1.0) | dict.fromkeys(PER_PASS, 0.01)
"""Bytes for each group and step."""


def measure(quick: bool = False) -> list[Result]:  # noqa: FBT001, FBT002
    """Measure for every schedule; the whole directory of the run counts."""
    steps = STEPS // 20 if quick else STEPS
    results = []
    sealing = []
    for schedule, limit in LIMITS.items():
        with tempfile.TemporaryDirectory() as directory:
            made = fresh(write, f"{directory}/run", schedule, steps, GROUPS)
        each = made["bytes"] / (steps * GROUPS)
        sealing.append(1e6 * made["sealing"] / steps)
        betas = " with betas[0]" if made["columns"] > GROUPS else ""
        results.append(
            Result(
                what=f"size on disk, {steps:,} steps × {GROUPS} groups, "
                f"{schedule}{betas}",
                must=f"≤ {limit:g} B per group-step",
                measured=f"{each:.4f} B; {made['bytes'] / 1e6:.2f} MB in all",
                met=each <= limit,
            )
        )
    results.append(
        Result(
            what="— sealing in a thread, spread over the steps",
            measured=f"{min(sealing):.2f} … {max(sealing):.2f} µs per step",
        )
    )
    return results
