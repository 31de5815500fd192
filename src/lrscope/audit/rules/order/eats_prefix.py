"""The decay had begun while the rate was still warming up.

What it means: the rates after the warm-up lie on a decay that began with the first
update of the run, not with the end of the warm-up; its highest part was never used.

Why it matters: the peak is not reached, and where the warm-up ends the rate may fall at
once by as much as the decay had come down by then.

Usual causes: warm-up and decay are computed from one count of updates, and the length
of the warm-up is not taken off; timm's ``warmup_prefix=False``.

What to do: let the decay count from the end of the warm-up; ``warmup_prefix=True``.

Looks the same, but is right: a short warm-up of a long run, which loses next to nothing
(not reported); timm's default that is known and wanted.

Upstream: huggingface/pytorch-image-models#1242
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.prefix import prefix_of
from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.prefix import Prefix
    from lrscope.audit.finding import Finding

LOST = 0.05
"""Share of the base rate that must have been lost."""


def _subjects(case: Case) -> list[Group]:
    return [
        each for each in case.begun_here if each.is_finite and each.changes.size >= 2
    ]


def _judge(group: Group) -> Iterator[Finding]:
    prefix = prefix_of(group)
    if prefix is None or prefix.rate > (1 - LOST) * prefix.base:
        return
    fell = _fell_at_once(group.applied, prefix)
    yield RULE.found(
        group,
        f"after the warm-up the rate went on at {prefix.rate:.4g}, update "
        f"{prefix.at} of a {prefix.curve} decay from {prefix.base:.4g}; the highest "
        f"rate was {group.peak:.4g}",
        cause="the decay counts from the first update, not from the end of the warm-up",
        fix="subtract the length of the warm-up (timm: warmup_prefix=True)",
        severity=WARNING if fell else INFO,
        steps=(prefix.at, group.last),
        evidence={"base": prefix.base, "first": prefix.rate, "peak": group.peak},
    )


def _fell_at_once(applied: NDArray[np.float64], prefix: Prefix) -> bool:
    """Say whether the rate dropped where the decay took over, by more than its step."""
    if not prefix.at:
        return False
    drop = applied[prefix.at - 1] - prefix.rate
    later = applied[prefix.at :]
    lower = later[later < prefix.rate]
    own = prefix.rate - lower[0] if lower.size else 0.0
    return bool(drop > max(2 * own, 0.02 * prefix.rate))


RULE = Rule(
    code="LR107",
    name="warmup-eats-the-decay-prefix",
    severity=WARNING,
    page=__doc__,
    needs="a group whose rate changed",
    subjects=_subjects,
    judge=_judge,
)
