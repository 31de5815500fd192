"""Strata: which blocks of a tensor are measured.

Blocks of `BLOCK` neighbours are divided into strata of equal size, and two blocks of
each stratum are taken. What the two differ by tells the standard error of every sum
(Cochran, Sampling Techniques, 3rd ed., section 5A.12).
"""

from __future__ import annotations

from typing import Any

BLOCK = 16
"""Neighbouring elements that are read together: a cache line of float32."""

SHARE = 0.01
"""Share of the elements of a large tensor that is measured."""

LEAST = 4096
"""Elements of a large tensor that are measured even if they are more than that."""

SMALLEST = 8
"""Blocks of a stratum at least; a tensor that has fewer is measured whole."""


def strata_in(size: int, limit: float) -> int:
    """Return how many strata a tensor is divided into; 0 if it is measured whole.

    Args:
        size: its elements.
        limit: share of the usual sample that memory allows, at most 1.
    """
    strata = max(1, int(limit * max(LEAST, SHARE * size)) // (2 * BLOCK))
    return 0 if size < SMALLEST * BLOCK * strata else strata


def measured_in(size: int, limit: float) -> int:
    """Return how many elements of a tensor are measured; see `strata_in`."""
    strata = strata_in(size, limit)
    return 2 * BLOCK * strata + size % BLOCK if strata else size


def two_of_each(blocks: int, strata: int, random: Any) -> tuple[Any, Any]:
    """Return numbers of blocks, two for each stratum, and the sizes of the strata."""
    import torch

    ends = torch.arange(strata + 1, dtype=torch.int64, device="cpu") * blocks // strata
    starts, sizes = ends[:-1], ends.diff()
    chances = torch.rand(2, strata, dtype=torch.float64, device="cpu", generator=random)
    first = (chances[0] * sizes).long()
    second = (first + 1 + (chances[1] * (sizes - 1)).long()) % sizes
    index = torch.stack([starts + first, starts + second], dim=1)
    return index.sort(dim=1).values.reshape(-1), sizes.double()
