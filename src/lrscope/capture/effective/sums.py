"""Sums: what is measured of a part, before and after a step.

Products of three vectors, added up over a part: the movement Δw of the weights, the
gradient g and the weights w before the step. Sums of shards, ranks and groups add up
to the sums of the whole, so every rate can be derived on reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.effective.drawing import BLOCK, local_of, why_not, wide

if TYPE_CHECKING:
    from lrscope.capture.effective.drawing import Part


class NotMeasurable(Exception):  # noqa: N818 - says what it is about
    """A parameter cannot be measured.

    Attributes:
        parameter: it.
        why: in words.
    """

    def __init__(self, parameter: Any, why: str) -> None:
        """Take the parameter and the reason."""
        super().__init__(why)
        self.parameter = parameter
        self.why = why


NAMES = (
    "moved·moved", "moved·gradient", "moved·weight", "gradient·gradient",
    "gradient·weight", "weight·weight", "decay", "zero_gradient", "non_finite",
    "elements_moved", "var(moved·gradient)", "var(gradient·gradient)",
    "cov(moved·gradient,gradient·gradient)", "var(moved·moved)", "var(weight·weight)",
    "cov(moved·moved,weight·weight)",
)  # fmt: skip


class Snapshot:
    """Weights and gradients of a part at the moment before a step.

    Args:
        part: what to copy.
        scale: the number that gradients still hold as a factor (fused AMP), or None.
        gradients: whether they are those of this step; a closure makes them later.
    """

    __slots__ = ("_gradients", "_part", "_scale", "_weights")

    def __init__(self, part: Part, scale: Any, *, gradients: bool) -> None:
        """Copy."""
        self._part = part
        self._scale = scale
        self._weights = _gathered(part, _weight)
        self._gradients = _gathered(part, _gradient) if gradients else None

    def sums(self, decay: Any) -> Any:
        """Return the sums after the step, as one tensor of `NAMES` in order.

        Args:
            decay: the share of its value that every weight lost by weight decay apart
                from the gradient: a number or a tensor of one.
        """
        import torch

        part = self._part
        after = _gathered(part, _weight)
        gradients = self._gradients or _gathered(part, _gradient)
        total = torch.zeros(16, dtype=wide(part.device), device=part.device)
        for before, now, gradient in zip(self._weights, after, gradients):
            if before is None:
                continue
            if self._scale is not None:
                gradient = gradient / self._scale  # noqa: PLW2901 - the true one
            vectors = torch.stack([now - before, gradient, before])
            total += _sums(part, vectors, decay, sampled=before is self._weights[1])
        total[6] = decay
        return total


def _sums(part: Part, vectors: Any, decay: Any, *, sampled: bool) -> Any:
    import torch

    moved, gradient, _ = vectors
    counted = torch.stack([gradient == 0, ~gradient.isfinite(), moved != 0])
    if sampled:
        stands_for = part.scale.repeat_interleave(BLOCK)
        products = (vectors * stands_for) @ vectors.T
        counts = counted.to(vectors.dtype) @ stands_for
        errors = _errors(vectors, part.spread, decay)
    else:
        products = vectors @ vectors.T
        counts = counted.sum(1).to(vectors.dtype)
        errors = vectors.new_zeros(6)
    return torch.cat([products.flatten()[_UPPER], errors.new_zeros(1), counts, errors])


_UPPER = [0, 1, 2, 4, 5, 8]
"""Of nine products, those that differ."""


def _errors(vectors: Any, spread: Any, decay: Any) -> Any:
    """Return what the two blocks of each stratum tell of the error of the sums."""
    import torch

    moved, gradient, weight = vectors.view(3, -1, BLOCK)
    by_gradient = moved + decay * weight
    left = torch.stack([by_gradient, gradient, moved, weight])
    right = torch.stack([gradient, gradient, moved, weight])
    pairs = (left * right).sum(-1).view(4, -1, 2)
    apart = pairs[:, :, 0] - pairs[:, :, 1]
    found = (apart * spread) @ apart.T
    return found.flatten()[[0, 5, 1, 10, 15, 11]]


def _gathered(part: Part, of: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Return the elements measured whole and those in blocks; None for none."""
    import torch

    whole = [of(reference()) for reference in part.whole]
    blocks = []
    for reference, index in part.sampled:
        flat = of(reference())
        end = flat.numel() // BLOCK * BLOCK
        blocks.append(flat[:end].view(-1, BLOCK).index_select(0, index))
        if end < flat.numel():
            whole.append(flat[end:])
    kind = wide(part.device)
    return (
        torch.cat(whole).to(kind) if whole else None,
        torch.cat(blocks).view(-1).to(kind) if blocks else None,
    )


def _weight(parameter: Any) -> Any:
    """Return the elements of a parameter as they lie in memory."""
    return _in_order(real_of(parameter))


def _gradient(parameter: Any) -> Any:
    """Return its gradient in the same order; zeros if there is none."""
    weight = real_of(parameter)
    if parameter.grad is None:
        return weight.new_zeros(weight.numel())
    why = why_not(parameter.grad)
    if why:
        raise NotMeasurable(parameter, f"its gradient: {why}")
    gradient = real_of(parameter.grad)
    if gradient.stride() != weight.stride():
        gradient = weight.new_empty(0).to(gradient.dtype).new_empty_strided(
            weight.shape, weight.stride()
        ).copy_(gradient)
    return _in_order(gradient)


def real_of(tensor: Any) -> Any:
    """Return what this rank holds of a tensor, as real numbers."""
    import torch

    local = local_of(tensor).detach()
    return torch.view_as_real(local) if local.is_complex() else local


def _in_order(tensor: Any) -> Any:
    if tensor.is_contiguous():
        return tensor.view(-1)
    if _is_dense(tensor):
        return tensor.as_strided((tensor.numel(),), (1,))
    return tensor.reshape(-1)


def _is_dense(tensor: Any) -> bool:
    """Say whether the elements fill their memory without gaps, in whatever order."""
    filled = 1
    for stride, size in sorted(zip(tensor.stride(), tensor.shape)):
        if size > 1:
            if stride != filled:
                return False
            filled *= size
    return True
