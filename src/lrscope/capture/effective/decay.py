"""Decay: how much of every weight an optimizer takes away apart from the gradient."""

from __future__ import annotations

from typing import Any

from lrscope.capture.numbers import is_on_host, is_tensor

KEYS = ("decoupled_weight_decay", "weight_decouple", "decouple")
"""Keys that say whether decay is apart: of torch, pytorch-optimizer, Prodigy."""

CLASSES = frozenset({"AdamW", "Adafactor", "Lion", "Muon", "SGDW"})
"""Optimizers of torch, timm and others whose decay is apart unless a key denies it."""


OWN_STEP = ("relative_step", "scale_parameter")
"""Settings of Adafactor with which each parameter has a step and a decay of its own."""


def decay_of(optimizer: Any, group: dict[str, Any], precision: float = 0.0) -> Any:
    """Return the share of its value that a weight loses; 0.0 if decay is not apart.

    0.0, too, where it is not the same for all parameters of the group.

    It is ``lr * weight_decay`` (Loshchilov and Hutter, Decoupled Weight Decay
    Regularization, 2019), times ``d`` where the optimizer multiplies its rate by it. A
    tensor where the rate is one on a device.

    Args:
        optimizer: its class may tell that decay is apart.
        group: of it.
        precision: of the weights, ``torch.finfo(…).eps``: a share below a quarter of
            it is lost when it is taken away (bfloat16), unless the step is fused.
    """
    share = _asked_for(optimizer, group)
    lost = isinstance(share, float) and share < precision / 4
    return 0.0 if lost and not group.get("fused") else share


def _asked_for(optimizer: Any, group: dict[str, Any]) -> Any:
    if not _is_apart(optimizer, group) or any(map(group.get, OWN_STEP)):
        return 0.0
    share = group.get("weight_decay") or 0.0
    rate: Any = 1.0 if group.get("fixed_decay") else group.get("lr")
    if not isinstance(share, (int, float)) or rate is None:
        return 0.0
    if is_on_host(rate):
        rate = rate.item()
    if not (isinstance(rate, (int, float)) or is_tensor(rate)):
        return 0.0
    multiple = group.get("d", 1.0)
    return rate * share * (multiple if isinstance(multiple, float) else 1.0)


def _is_apart(optimizer: Any, group: dict[str, Any]) -> bool:
    said = [group[key] for key in KEYS if isinstance(group.get(key), bool)]
    if said:
        return any(said)
    return any(each.__name__ in CLASSES for each in type(optimizer).__mro__)
