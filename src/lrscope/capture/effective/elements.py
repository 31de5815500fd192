"""Elements: the numbers of a parameter and of its gradient, as they lie in memory."""

from __future__ import annotations

from typing import Any


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


def why_not(tensor: Any) -> str | None:
    """Return why a parameter or a gradient cannot be measured, None if it can."""
    import torch

    local = _local_of(tensor)
    if local.layout is not torch.strided:
        return f"it is sparse ({local.layout})"
    if not (local.is_floating_point() or local.is_complex()):
        return f"its numbers are {local.dtype}"
    if local.device.type == "meta":
        return "it is on the meta device"
    return None


def weight_of(parameter: Any) -> Any:
    """Return the elements of a parameter as they lie in memory; a view of them."""
    if _is_plain(parameter):
        return parameter.view(-1)
    return _in_order(_real_of(parameter))


def gradient_of(parameter: Any) -> Any:
    """Return its gradient in the same order; zeros if there is none.

    Raises:
        NotMeasurable: the gradient is sparse or otherwise strange.
    """
    gradient = parameter.grad
    if _is_plain(parameter) and _is_plain(gradient):
        return gradient.view(-1)
    weight = _real_of(parameter)
    if gradient is None:
        return weight.new_zeros(weight.numel())
    why = why_not(gradient)
    if why:
        raise NotMeasurable(parameter, f"its gradient: {why}")
    gradient = _real_of(gradient)
    if gradient.stride() != weight.stride():
        alike = gradient.new_empty_strided(weight.shape, weight.stride())
        gradient = alike.copy_(gradient)
    return _in_order(gradient)


def size_of(parameter: Any) -> int:
    """Return how many real numbers this rank holds of a parameter."""
    local = _local_of(parameter)
    return int(local.numel()) * (2 if local.is_complex() else 1)


def precision_of(parameter: Any) -> float:
    """Return the distance from 1 to the next larger number of its type."""
    import torch

    return float(torch.finfo(parameter.dtype).eps)


def copies_of(parameter: Any) -> int | None:
    """Return how many ranks hold the same elements of a parameter that is sharded.

    None for a plain one: whether its copies are kept equal is not known here. Of the
    first FSDP it is 1, as if it sharded over all ranks: it does not say.
    """
    placements = getattr(parameter, "placements", None)
    if placements is not None:
        copies = 1
        for size, each in zip(parameter.device_mesh.shape, placements):
            copies *= 1 if each.is_shard() else int(size)
        return copies
    return 1 if hasattr(parameter, "_fsdp_flattened") else None


def _is_plain(tensor: Any) -> bool:
    """Say whether a tensor is one as most are: quickly, for it is asked of each."""
    import torch

    return (
        type(tensor) in {torch.nn.Parameter, torch.Tensor}
        and tensor.dtype in {torch.float32, torch.bfloat16}
        and tensor.layout is torch.strided
        and bool(tensor.is_contiguous())
    )


def _local_of(tensor: Any) -> Any:
    """Return what this rank holds of a tensor: a DTensor's shard, or the tensor."""
    return getattr(tensor, "_local_tensor", tensor)


def _real_of(tensor: Any) -> Any:
    import torch

    local = _local_of(tensor)
    return torch.view_as_real(local.resolve_conj()) if local.is_complex() else local


def _in_order(tensor: Any) -> Any:
    if tensor.is_contiguous():
        return tensor if tensor.dim() == 1 else tensor.view(-1)
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


def wide(device: Any) -> Any:
    """Return the widest type of numbers that a device can add up."""
    import torch

    return torch.float32 if device.type == "mps" else torch.float64
