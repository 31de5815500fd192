"""Sums: what is measured of a part, before and after a step.

Products of three vectors, added up over a part: the movement Δw of the weights, the
gradient g and the weights w before the step. Sums of shards, ranks and groups add up
to the sums of the whole, so every rate can be derived on reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.arrival import sent
from lrscope.capture.effective.elements import gradient_of, weight_of, wide
from lrscope.capture.effective.part import MOST_AT_ONCE
from lrscope.capture.effective.strata import BLOCK
from lrscope.compiled import native

if TYPE_CHECKING:
    from lrscope.capture.effective.part import Chunk, Part

NAMES = (
    "moved·moved", "moved·gradient", "moved·weight", "gradient·gradient",
    "gradient·weight", "weight·weight", "gradient_not_zero", "gradient_finite",
    "elements_moved", "decay", "var(driven·gradient)", "var(gradient·gradient)",
    "cov(driven·gradient,gradient·gradient)", "var(moved·moved)", "var(weight·weight)",
    "cov(moved·moved,weight·weight)", "squares(gradient·gradient)",
)  # fmt: skip


class Bench:
    """Room for what is being added up on one device; used again at every sample.

    Memory that is asked for anew each time costs more than the sums.
    """

    def __init__(self, device: Any) -> None:
        """Make room."""
        import torch

        kind: dict[str, Any] = {"dtype": wide(device), "device": device}
        self.vectors = torch.empty(3, MOST_AT_ONCE, **kind)
        self.rows = tuple(self.vectors)
        self.total = torch.empty(len(NAMES), **kind)
        # of all nine products those that `NAMES` begins with
        self.upper = sent(torch.tensor([0, 1, 2, 4, 5, 8], device="cpu"), device)
        self.told = sent(torch.tensor([0, 5, 1, 10, 15, 11], device="cpu"), device)


class Snapshot:
    """Weights and gradients of a part at the moment before a step.

    Args:
        part: what to copy.
        scale: the number that gradients still hold as a factor (fused AMP), or None.
        gradients: whether they are those of this step; a closure makes them later.
    """

    __slots__ = ("_gradients", "_scale", "_weights", "part")

    def __init__(self, part: Part, scale: Any, *, gradients: bool) -> None:
        """Copy."""
        self.part = part
        self._scale = scale
        self._weights = [_copied(each, weight_of) for each in part.chunks]
        self._gradients = (
            [_copied(each, gradient_of) for each in part.chunks] if gradients else None
        )

    def sums(self, bench: Bench, decay: Any) -> Any:
        """Return the sums after the step, as one tensor of `NAMES` in order.

        Args:
            bench: where to add up.
            decay: the share of its value that every weight lost by weight decay apart
                from the gradient: a number or a tensor of one.
        """
        import torch

        total = bench.total.zero_()
        in_c = total.device.type == "cpu" and hasattr(native, "add_up")
        for place, chunk in enumerate(self.part.chunks):
            moved, gradient, weight = (row[: chunk.size] for row in bench.rows)
            torch.cat(chunk.gathered(weight_of), out=moved)
            torch.cat(self._weights[place], out=weight)
            moved.sub_(weight)
            slopes = self._gradients
            found = slopes[place] if slopes else chunk.gathered(gradient_of)
            torch.cat(found, out=gradient)
            if self._scale is not None:
                gradient.div_(self._scale)
            if in_c:
                _add_in_c(bench, chunk, decay)
            elif chunk.scale is None:
                _add_whole(bench, chunk)
            else:
                _add_blocks(bench, chunk, decay)
        total[9:10].fill_(decay)  # a plain assignment waits for a GPU
        return total.clone()


def _copied(chunk: Chunk, of: Callable[[Any], Any]) -> list[Any]:
    """Return the elements of a chunk, independent of the tensors they are from."""
    import torch

    found = chunk.gathered(of)
    return [torch.cat(found)] if chunk.scale is None else found


def _add_in_c(bench: Bench, chunk: Chunk, decay: Any) -> None:
    """Add a chunk in memory that C can reach: the same, with one call."""
    weights = () if chunk.scale is None else (chunk.scale, chunk.spread)
    native.add_up(
        *(each.data_ptr() for each in (bench.total, *bench.rows)),
        chunk.size,
        *([each.data_ptr() for each in weights] or (0, 0)),
        float(decay),
    )


def _add_whole(bench: Bench, chunk: Chunk) -> None:
    """Add what is measured whole."""
    import torch

    vectors = bench.vectors[:, : chunk.size]
    moved, gradient, _ = vectors
    products = (vectors @ vectors.T).view(9)
    bench.total[:6] += products.index_select(0, bench.upper)
    bench.total[6:9] += torch.stack(
        [gradient.count_nonzero(), gradient.isfinite().sum(), moved.count_nonzero()]
    )


def _add_blocks(bench: Bench, chunk: Chunk, decay: Any) -> None:
    """Add what the blocks stand for, and how far that may be from the truth."""
    import torch

    total, vectors = bench.total, bench.vectors[:, : chunk.size]
    moved, gradient, _ = vectors
    blocks = vectors.view(3, -1, BLOCK).transpose(0, 1)
    products = torch.bmm(blocks, blocks.transpose(1, 2)).view(-1, 9).T
    total[:6] += (products @ chunk.scale).index_select(0, bench.upper)
    counted = torch.stack([gradient != 0, gradient.isfinite(), moved != 0])
    total[6:9] += counted.view(3, -1, BLOCK).sum(-1, dtype=total.dtype) @ chunk.scale
    driven = products[1] + decay * products[5]
    sums = torch.stack([driven, products[4], products[0], products[8]]).view(4, -1, 2)
    apart = sums[:, :, 0] - sums[:, :, 1]
    spread = ((apart * chunk.spread) @ apart.T).view(16)
    total[10:16] += spread.index_select(0, bench.told)
    total[16] += (apart[1] * apart[1] * chunk.spread).square().sum()
