"""A key of a group that looks like a rate has no effect.

What it means: a group was given ``lr_mult``, ``lr_scale``, ``learning_rate`` or the
like. torch keeps unknown keys and never reads them: all groups have the same rate.

Why it matters: the smaller rate for the backbone was never used.

Usual causes: the habit of another framework; a typing error in ``lr``.

What to do: give ``lr`` itself: ``{"params": …, "lr": base * 0.1}``.

Looks the same, but is right: timm, MAE and mmcv read such a key in schedulers of their
own, and then the rates differ; programs that scale gradients or rates by it themselves.

Upstream: msight-tech/research-ms-loss#27, huggingface/pytorch-image-models#2532,
huggingface/pytorch-image-models#2691
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.facts.number import is_number, numbers
from lrscope.audit.facts.reading import reads_key
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.finding import Finding

FACTOR = re.compile(
    r"(lr|learning_?rate)[_-]?(mul|mult|multi|multiplier|scale|scaling|factor|ratio|coef\w*)"
    r"|(mul|mult|multiplier|scale|factor)[_-]lr",
    re.IGNORECASE,
)
"""Keys that are meant to multiply a rate."""

RATE = re.compile(
    r"((base|current|cur|new)_)?(lr|lrs|l_rate|lrate|lr_rate|learning[_-]?rate)|_lr|rate",
    re.IGNORECASE,
)
"""Keys that are meant to be one."""


def _subjects(case: Case) -> list[Optimizer]:
    return [
        each
        for each in case.optimizers
        if each.event and each.event.module.startswith("torch.optim") and each.groups
    ]


def _judge(optimizer: Optimizer) -> Iterator[Finding]:
    written = _written_beside(optimizer)
    if written is not None:
        yield written
        return
    kept = [_speaking(each.track.description) for each in optimizer.groups]
    for key in dict.fromkeys(key for each in kept for key in each):
        given = [each.get(key) for each in kept]
        if not _is_ignored(optimizer, key, given):
            continue
        if FACTOR.fullmatch(key) and reads_key(optimizer, key):
            continue  # gradients may be scaled by it
        yield RULE.found(
            optimizer,
            f"{key} is {_told(given)} in the groups, and all of them have the same "
            "rate in every update"
            if len(given) > 1
            else f"{key} is {_told(given)} in the group, which has another rate",
            cause=f"{optimizer.event.class_name if optimizer.event else 'torch'} keeps "
            f"{key} and never reads it",
            fix='give each group its own "lr"',
            steps=optimizer.throughout,
            where=optimizer.where,
            evidence={key: given},
        )


def _written_beside(optimizer: Optimizer) -> Finding | None:
    """Return the finding of a key that is written while lr stands still."""
    for group in optimizer.groups:
        for key in group.track.settings:
            if key == "lr" or not RATE.fullmatch(key) or group.changes.size:
                continue
            values = group.track.setting(key)
            found = values[np.isfinite(values)]
            if not found.size:
                continue
            moves = np.ptp(found) > 0.05 * np.max(np.abs(found))
            if not moves and found.size == values.size:
                continue  # it was there from the beginning
            if abs(found[-1] - group.applied[-1]) <= 0.05 * abs(group.applied[-1]):
                continue
            return RULE.found(
                group,
                f"{key} was written into the group, {float(found[-1]):.3g} at last; "
                f"the rate is {float(group.applied[-1]):.3g} in every update",
                cause=f"no optimizer of torch reads {key}",
                fix='write group["lr"]',
                steps=optimizer.throughout,
                evidence={key: float(found[-1])},
            )
    return None


def _speaking(group: Any) -> dict[str, float | str]:
    """Return the keys of a group that speak of rates, with their values."""
    held = {k: v[0] for k, v in group.settings.items() if len(v) == 1}
    held |= {k: v for k, v in group.others.items() if not isinstance(v, bool)}
    return {
        key: value
        for key, value in held.items()
        if key not in {"lr", "initial_lr", "max_lr", "min_lr", "lr_decay"}
        if FACTOR.fullmatch(key) or RATE.fullmatch(key)
    }


def _is_ignored(optimizer: Optimizer, key: str, given: list[Any]) -> bool:
    """Say whether what the key asks for is not what the rates show."""
    groups = optimizer.groups
    if not numbers(given) or not _are_equal(optimizer):
        return False
    if FACTOR.fullmatch(key):
        neutral = [1.0 if e is None else e for e in given]
        return len(groups) > 1 and len(set(neutral)) > 1
    return any(
        is_number(wanted) and 0 < wanted < 10 and not _is_met(g, wanted)
        for g, wanted in zip(groups, given, strict=True)
    )


def _is_met(group: Group, wanted: float) -> bool:
    """Say whether a group's first rate, its largest or its own is what a key asks."""
    seen = (float(group.applied[0]), group.peak, group.track.description.lr)
    return any(abs(wanted - each) <= 0.01 * abs(wanted) for each in seen)


def _are_equal(optimizer: Optimizer) -> bool:
    """Say whether all groups have the same rate whenever they are updated."""
    first, *rest = optimizer.groups
    for each in rest:
        size = min(first.applied.size, each.applied.size)
        ours, theirs = first.applied[first.applied.size - size :], each.applied[-size:]
        if not (np.abs(ours - theirs) <= 1e-6 * np.abs(ours)).all():
            return False
    return True


def _told(given: list[Any]) -> str:
    return ", ".join("not there" if e is None else f"{e}" for e in given[:6])


RULE = Rule(
    code="LR409",
    name="unknown-group-key",
    severity=WARNING,
    page=__doc__,
    needs="an optimizer of torch",
    subjects=_subjects,
    judge=_judge,
)
