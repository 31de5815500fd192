"""Drawing: which coordinates of an optimizer's parameters are measured.

Small tensors are measured whole. Of a large one a sample is drawn once, from a
recorded seed: its blocks of `BLOCK` neighbours are divided into strata of equal size,
and two blocks of each stratum are taken. What the two differ by tells the standard
error of every sum (Cochran, Sampling Techniques, 3rd ed., section 5A.12).
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.effective.elements import copies_of, size_of, why_not

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCK = 16
"""Neighbouring elements that are read together: a cache line of float32."""

SHARE = 0.01
"""Share of the elements of a large tensor that is measured."""

LEAST = 4096
"""Elements of a tensor that are measured even if they are more than that share."""

MOST_AT_ONCE = 3 << 13
"""Elements that are added up at once: they stay in the cache, and on one thread."""

SEED = 20
"""Of the random numbers that choose coordinates; every rank draws the same."""

MOST_BYTES = 64 << 20
"""Memory that measuring a step may take, over all groups of an optimizer."""

BYTES_EACH = 24
"""Bytes at most that an element takes from before the step to after it."""


class Chunk:
    """Elements of a part that are added up at once.

    Attributes:
        size: how many they are.
        scale: for each block, how many blocks it stands for; None for whole tensors.
        spread: for each pair of blocks, what its squared difference is worth.
    """

    __slots__ = ("_pieces", "_sampled", "scale", "size", "spread")

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
            return [of(reference())[start:] for reference, start in self._pieces]
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
        elements: in all the parameters.
        measured: elements that are measured.
        copies: ranks that hold the same elements; None if that is not known here.
    """

    __slots__ = (
        "chunks", "copies", "device", "elements", "group", "measured", "number",
        "parameter", "parameters",
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
        self.elements = sum(map(size_of, parameters))
        self.copies = copies_of(parameters[0])
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
            strata = max(1, int(limit * usual(size)) // (2 * BLOCK))
            if size < 8 * BLOCK * strata:
                whole.append((reference, 0, size))
                continue
            rest = size % BLOCK
            if rest:
                whole.append((reference, size - rest, rest))
            index, sizes = _two_of_each_stratum(size // BLOCK, strata, random)
            sampled += [
                (reference, index[2 * start : 2 * end], sizes[start:end])
                for start, end in _runs(strata, MOST_AT_ONCE // BLOCK // 2)
            ]
        for pieces in _together(whole):
            kept = [(reference, start) for reference, start, _ in pieces]
            self.chunks.append(Chunk(kept, sum(size for *_, size in pieces)))
        for pieces in _together(sampled, lambda each: each[1].numel() * BLOCK):
            index = [
                (reference, index.to(self.device)) for reference, index, _ in pieces
            ]
            chunk = Chunk(index, sum(each.numel() * BLOCK for _, each in index))
            sizes = torch.cat([sizes for *_, sizes in pieces]).to(self.device)
            sizes = sizes.to(wide(self.device))
            chunk.scale = (sizes / 2).repeat_interleave(2)
            chunk.spread = sizes * sizes / 4 * (1 - 2 / sizes)
            self.chunks.append(chunk)
        self.measured = sum(each.size for each in self.chunks)

    def described(self) -> dict[str, Any]:
        """Return what is measured, as plain data."""
        return {
            "group": self.group,
            "parameter": self.parameter,
            "elements": self.elements,
            "measured": self.measured,
            "copies": self.copies,
        }


def _runs(length: int, most: int) -> list[tuple[int, int]]:
    return [(at, min(at + most, length)) for at in range(0, length, most)]


def _together(
    pieces: list[Any], size_of_piece: Callable[[Any], int] = lambda each: each[2]
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


def _two_of_each_stratum(blocks: int, strata: int, random: Any) -> tuple[Any, Any]:
    """Return numbers of blocks, two for each stratum, and the sizes of the strata."""
    import torch

    ends = torch.arange(strata + 1, dtype=torch.int64, device="cpu") * blocks // strata
    starts, sizes = ends[:-1], ends.diff()
    chances = torch.rand(2, strata, dtype=torch.float64, device="cpu", generator=random)
    first = (chances[0] * sizes).long()
    second = (first + 1 + (chances[1] * (sizes - 1)).long()) % sizes
    index = torch.stack([starts + first, starts + second], dim=1)
    return index.sort(dim=1).values.reshape(-1), sizes.double()


class Drawing:
    """All parts of one optimizer, and what is not measured.

    Attributes:
        parts: what is measured.
        left_out: (group, name, reason) of parameters that cannot be measured.
    """

    def __init__(
        self,
        groups: Sequence[dict[str, Any]],
        numbers: Sequence[int],
        *,
        first: int,
        by_parameter: bool,
        refused: dict[int, str],
    ) -> None:
        """Draw anew.

        Args:
            groups: of the optimizer.
            numbers: theirs.
            first: number of the first part.
            by_parameter: a part for each parameter.
            refused: parameters by identity that turned out not to be measurable.
        """
        self.parts: list[Part] = []
        self.left_out: list[tuple[int, str, str]] = []
        self._known = [
            weakref.ref(each) for group in groups for each in group["params"]
        ]
        for number, group in zip(numbers, groups):
            names = list(map(str, group.get("param_names", ())))
            by_key: dict[Any, list[Any]] = {}
            for index, parameter in enumerate(group["params"]):
                name = names[index] if index < len(names) else f"parameter{index}"
                why = refused.get(id(parameter)) or why_not(parameter)
                if why:
                    self.left_out.append((number, name, why))
                    continue
                copies = copies_of(parameter)
                key = (parameter.device, copies, name if by_parameter else None)
                by_key.setdefault(key, []).append(parameter)
            for (*_, name), members in by_key.items():
                part = Part(first + len(self.parts), number, name, members)
                self.parts.append(part)
        wanted = sum(
            usual(size_of(each())) for part in self.parts for each in part.parameters
        )
        limit = min(1.0, MOST_BYTES / BYTES_EACH / max(wanted, 1))
        for position, part in enumerate(self.parts):
            part.draw(limit, SEED + position)

    def fits(self, groups: Sequence[dict[str, Any]]) -> bool:
        """Say whether an optimizer still has the parameters that were drawn from."""
        known = iter(self._known)
        for group in groups:
            for parameter in group["params"]:
                reference = next(known, None)
                if reference is None or reference() is not parameter:
                    return False
        return next(known, None) is None


def usual(size: int) -> int:
    """Return how many elements of a tensor are measured if memory allows."""
    return min(size, max(LEAST, int(SHARE * size)))


def wide(device: Any) -> Any:
    """Return the widest type of numbers that a device can add up."""
    import torch

    return torch.float32 if device.type == "mps" else torch.float64
