"""The rate and what it is computed from are one tensor.

What it means: the rate of a group is a tensor, and the rates that a scheduler of known
class set are not those of its formula. With torch before 2.13 ``lr``, ``initial_lr``
and the scheduler's base rates may be one tensor, which is changed in place.

Why it matters: the base drifts with the rate: a constant factor of 0.5 halves the rate
at every step.

Usual causes: ``lr=torch.tensor(…)``, as compiled optimizers want it.

What to do: update to torch 2.13, which fixed it; or a float.

Looks the same, but is right: float32 tensors, which are up to 7e-4 off.

Upstream: pytorch/pytorch#162359, pytorch/pytorch#163103, pytorch/pytorch#126854,
deepspeedai/DeepSpeed#8202, deepspeedai/DeepSpeed#8528
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.version import torch_version
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.planned import Planned
    from lrscope.audit.finding import Finding

FIXED = (2, 13)
"""The version of torch that fixed it."""
NEAR = 5e-3
"""Relative difference that float32 does not explain."""


def _subjects(case: Case) -> list[Planned]:
    return [
        each
        for each in case.planned
        if not each.explicit and each.group.track.description.tensor_lr
        if (torch_version(each.training) or FIXED) < FIXED
    ]


def _judge(planned: Planned) -> Iterator[Finding]:
    meant = planned.rates()
    off = ~np.isclose(planned.applied, meant, rtol=NEAR, atol=0.0)
    if not off.any() or off[0]:
        return
    first = int(off.argmax())
    version = planned.training.torch
    yield RULE.found(
        planned,
        f"update {planned.first + first} had the rate {planned.applied[first]:.4g}; "
        f"{planned.source} means {meant[first]:.4g}",
        cause=f"with torch {version} a tensor rate may share its memory with the base "
        "rate that it is computed from",
        fix="update to torch 2.13, or give the rate as a float",
        steps=(planned.first + first, planned.first + int(np.flatnonzero(off)[-1])),
        evidence={"updates_off": int(off.sum()), "torch": version},
    )


RULE = Rule(
    code="LR605",
    name="tensor-lr-aliasing",
    severity=ERROR,
    page=__doc__,
    needs="a tensor as rate, torch before 2.13 and a scheduler of known class",
    subjects=_subjects,
    judge=_judge,
    explains=("applied-differs-from-plan",),
)
