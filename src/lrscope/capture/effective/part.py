"""Part: parameters whose sums are taken together, and what is measured of them."""

from __future__ import annotations

import weakref
from typing import Any, Callable

from lrscope.capture.arrival import sent
from lrscope.capture.effective.elements import copies_of, precision_of, size_of, wide
from lrscope.capture.effective.strata import BLOCK, strata_in, two_of_each

MOST_AT_ONCE = 3 << 13
"""Elements that are added up at once: they stay in the cache, and on one thread."""


class Chunk:
    """Elements of a part that are added up at once.

    Attributes:
        size: how many they are.
        scale: for each block, how many blocks it stands for; None for whole tensors.
        spread: for each pair of blocks, what its squared difference is worth.
    """

    __slots__ = ("_pieces", "scale", "size", "spread")

    def __init__(self, pieces: list[tuple[Any, Any]], size: int) -> None:
        """Take pieces of parameters.

        Args:
            pieces: parameters, each with the numbers of its blocks, or with where the
                part begins that is measured whole.
            size: elements in all of them.
        """
        self._pieces = pieces
        self.size = size
        self.scale: Any = None
        self.spread: Any = None

    def gathered(self, of: Callable[[Any], Any]) -> list[Any]:
        """Return the elements as tensors to be joined.

        Args:
            of: weights or gradients of a parameter, in order; see `elements`.
        """
        if self.scale is None:
            flat = ((of(reference()), start) for reference, start in self._pieces)
            return [each[start:] if start else each for each, start in flat]
        found = []
        for reference, index in self._pieces:
            flat = of(reference())
            blocks = flat[: flat.numel() // BLOCK * BLOCK].view(-1, BLOCK)
            found.append(blocks.index_select(0, index).view(-1))
        return found


class Part:
    """Parameters whose sums are taken together; they are on one device.

    Attributes:
        number: its own, over all drawings of the optimizer.
        group: number of their group.
        parameter: name of the only one, None for a whole group.
        parameters: weak references to them.
        device: where they are.
        chunks: what is measured of them.
        frozen: whether they ask for no gradient.
        elements: in all the parameters.
        measured: elements that are measured.
        copies: ranks that hold the same elements; None if that is not known here.
        dtypes: of their numbers, such as "bfloat16".
        precision: distance from 1 to the next larger number of the coarsest of these.
    """

    __slots__ = (
        "chunks", "copies", "device", "dtypes", "elements", "frozen", "group",
        "measured", "number", "parameter", "parameters", "precision",
    )  # fmt: skip

    def __init__(
        self, number: int, group: int, parameter: str | None, parameters: list[Any]
    ) -> None:
        """Take the parameters; see `draw` for which of their blocks."""
        self.number = number
        self.group = group
        self.parameter = parameter
        self.parameters = [weakref.ref(each) for each in parameters]
        self.device = parameters[0].device
        self.frozen = not parameters[0].requires_grad
        self.elements = sum(map(size_of, parameters))
        self.copies = copies_of(parameters[0])
        self.dtypes = sorted({str(each.dtype)[6:] for each in parameters})
        self.precision = max(map(precision_of, parameters))
        self.chunks: list[Chunk] = []
        self.measured = 0

    def draw(self, limit: float, seed: int) -> None:
        """Choose the coordinates.

        Args:
            limit: share of the usual sample that memory allows, at most 1.
            seed: of the random numbers.
        """
        import torch

        random = torch.Generator(device="cpu").manual_seed(seed)
        whole, sampled = [], []
        for reference in self.parameters:
            size = size_of(reference())
            strata = strata_in(size, limit)
            rest = size % BLOCK if strata else size
            if rest:
                whole.append((reference, size - rest, rest))
            if strata:
                index, sizes = two_of_each(size // BLOCK, strata, random)
                sampled += [
                    (reference, index[2 * start : 2 * end], sizes[start:end])
                    for start, end in _runs(strata, MOST_AT_ONCE // BLOCK // 2)
                ]
        for pieces in _together(whole, lambda each: each[2]):
            kept = [(reference, start) for reference, start, _ in pieces]
            self.chunks.append(Chunk(kept, sum(size for *_, size in pieces)))
        for pieces in _together(sampled, lambda each: each[1].numel() * BLOCK):
            index = [
                (reference, sent(index, self.device)) for reference, index, _ in pieces
            ]
            chunk = Chunk(index, sum(each.numel() * BLOCK for _, each in index))
            sizes = torch.cat([sizes for *_, sizes in pieces])
            sizes = sent(sizes.to(wide(self.device)), self.device)
            chunk.scale = (sizes / 2).repeat_interleave(2)
            chunk.spread = sizes * sizes / 4 * (1 - 2 / sizes)
            self.chunks.append(chunk)
        self.measured = sum(each.size for each in self.chunks)

    def described(self) -> dict[str, Any]:
        """Return what is measured, as plain data."""
        return {
            "part": self.number,
            "group": self.group,
            "parameter": self.parameter,
            "elements": self.elements,
            "measured": self.measured,
            "copies": self.copies,
            "dtypes": self.dtypes,
            "frozen": self.frozen,
        }


def _runs(length: int, most: int) -> list[tuple[int, int]]:
    return [(at, min(at + most, length)) for at in range(0, length, most)]


def _together(
    pieces: list[Any], size_of_piece: Callable[[Any], int]
) -> list[list[Any]]:
    """Return pieces in lists that hold `MOST_AT_ONCE` elements at most."""
    found: list[list[Any]] = []
    room = 0
    for each in pieces:
        size = size_of_piece(each)
        if size > room:
            found.append([])
            room = MOST_AT_ONCE
        found[-1].append(each)
        room -= size
    return found
