"""Drawing: which coordinates of an optimizer's parameters are measured.

Small tensors are measured whole. Of a large one a sample is drawn once, from a
recorded seed: its blocks of `BLOCK` neighbours are divided into strata of equal size,
and two blocks of each stratum are taken. What the two differ by tells the standard
error of every sum (Cochran, Sampling Techniques, 3rd ed., section 5A.12).
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCK = 16
"""Neighbouring elements that are read together: a cache line of float32."""

SHARE = 0.01
"""Share of the elements of a large tensor that is measured."""

LEAST = 4096
"""Elements of a tensor that are measured even if they are more than that share."""

MOST_BYTES = 64 << 20
"""Memory that measuring a step may take, over all groups of an optimizer."""

BYTES_EACH = 128
"""Bytes at most, for an element that is measured: copies, differences and products."""


class Part:
    """Parameters whose sums are taken together; they are on one device.

    Attributes:
        group: number of their group.
        parameter: name of the only one, None for a whole group.
        whole: parameters of which every element is measured.
        sampled: the others, each with its blocks of which some are measured.
        scale: for each of these blocks, how many blocks it stands for.
        spread: for each pair of blocks, what its squared difference is worth.
        elements: in all the parameters.
        measured: elements that are measured.
        copies: ranks that hold the same elements; None if that is not known here.
    """

    __slots__ = (
        "copies",
        "device",
        "elements",
        "group",
        "measured",
        "parameter",
        "parameters",
        "sampled",
        "scale",
        "spread",
        "whole",
    )

    def __init__(self, group: int, parameter: str | None, parameters: list[Any]) -> None:
        """Take the parameters; see `draw` for which of their blocks."""
        self.group = group
        self.parameter = parameter
        self.parameters = [weakref.ref(each) for each in parameters]
        self.device = parameters[0].device
        self.elements = sum(size_of(each) for each in parameters)
        self.copies = copies_of(parameters[0])
        self.whole: list[Any] = []
        self.sampled: list[tuple[Any, Any]] = []
        self.scale: Any = None
        self.spread: Any = None
        self.measured = 0

    def draw(self, limit: float, seed: int) -> None:
        """Choose the coordinates.

        Args:
            limit: share of the usual sample that memory allows, at most 1.
            seed: of the random numbers.
        """
        import torch

        random = torch.Generator(device="cpu").manual_seed(seed)
        scales, spreads = [], []
        for reference in self.parameters:
            parameter = reference()
            size = size_of(parameter)
            wanted = int(limit * max(LEAST, SHARE * size))
            strata = max(1, wanted // (2 * BLOCK))
            if wanted >= size or size // BLOCK < 4 * strata:
                self.whole.append(reference)
                self.measured += size
                continue
            index, sizes = _two_of_each_stratum(size // BLOCK, strata, random)
            self.sampled.append((reference, index.to(self.device)))
            self.measured += index.numel() * BLOCK + size % BLOCK
            scales.append(torch.repeat_interleave(sizes / 2, 2))
            spreads.append(sizes * sizes / 4 * (1 - 2 / sizes))
        if scales:
            kind = wide(self.device)
            self.scale = torch.cat(scales).to(self.device, kind)
            self.spread = torch.cat(spreads).to(self.device, kind)


    def described(self) -> dict[str, Any]:
        """Return what is measured, as plain data."""
        return {
            "group": self.group,
            "parameter": self.parameter,
            "elements": self.elements,
            "measured": self.measured,
            "copies": self.copies,
        }


def _two_of_each_stratum(blocks: int, strata: int, random: Any) -> tuple[Any, Any]:
    """Return numbers of blocks, two for each stratum, and the sizes of the strata."""
    import torch

    ends = torch.arange(strata + 1, dtype=torch.int64, device="cpu") * blocks // strata
    starts, sizes = ends[:-1], ends.diff()
    chances = torch.rand(
        2, strata, dtype=torch.float64, device="cpu", generator=random
    )
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
        by_parameter: bool,
        seed: int,
        refused: dict[int, str],
    ) -> None:
        """Draw anew.

        Args:
            groups: of the optimizer.
            numbers: theirs.
            by_parameter: a part for each parameter.
            seed: of the random numbers.
            refused: parameters by identity that turned out not to be measurable.
        """
        self.parts: list[Part] = []
        self.left_out: list[tuple[int, str, str]] = []
        self._known = [weakref.ref(each) for group in groups for each in group["params"]]
        for number, group in zip(numbers, groups):
            names = list(map(str, group.get("param_names", ())))
            by_key: dict[Any, list[Any]] = {}
            for index, parameter in enumerate(group["params"]):
                name = names[index] if index < len(names) else f"parameter{index}"
                why = refused.get(id(parameter)) or why_not(parameter)
                if why:
                    self.left_out.append((number, name, why))
                    continue
                key = (parameter.device, name if by_parameter else None)
                by_key.setdefault(key, []).append(parameter)
            for (_, name), members in by_key.items():
                self.parts.append(Part(number, name, members))
        wanted = sum(
            min(size_of(each()), max(LEAST, SHARE * size_of(each())))
            for part in self.parts
            for each in part.parameters
        )
        limit = min(1.0, MOST_BYTES / BYTES_EACH / max(wanted, 1))
        for position, part in enumerate(self.parts):
            part.draw(limit, seed + position)

    def fits(self, groups: Sequence[dict[str, Any]]) -> bool:
        """Say whether an optimizer still has the parameters that were drawn from."""
        known = iter(self._known)
        for group in groups:
            for parameter in group["params"]:
                reference = next(known, None)
                if reference is None or reference() is not parameter:
                    return False
        return next(known, None) is None


def why_not(parameter: Any) -> str | None:
    """Return why a parameter or a gradient cannot be measured, None if it can."""
    import torch

    local = local_of(parameter)
    if local.layout is not torch.strided:
        return f"it is sparse ({local.layout})"
    if not (local.is_floating_point() or local.is_complex()):
        return f"its numbers are {local.dtype}"
    if local.device.type == "meta":
        return "it is on the meta device"
    return None


def local_of(tensor: Any) -> Any:
    """Return what this rank holds of a tensor: a DTensor's shard, or the tensor."""
    return getattr(tensor, "_local_tensor", tensor)


def size_of(tensor: Any) -> int:
    """Return how many real numbers this rank holds of a tensor."""
    local = local_of(tensor)
    return int(local.numel()) * (2 if local.is_complex() else 1)


def copies_of(parameter: Any) -> int | None:
    """Return how many ranks hold the same elements of a parameter that is sharded.

    None for a plain one: whether its copies are kept equal is not known here.
    """
    placements = getattr(parameter, "placements", None)
    if placements is not None:
        copies = 1
        for size, each in zip(parameter.device_mesh.shape, placements):
            copies *= 1 if each.is_shard() else int(size)
        return copies
    return 1 if hasattr(parameter, "_is_flat_param") else None


def wide(device: Any) -> Any:
    """Return the widest type of numbers that a device can add up."""
    import torch

    return torch.float32 if device.type == "mps" else torch.float64
