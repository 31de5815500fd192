"""The optimizer works its rate out itself.

What it means: ``group["lr"]`` is not the rate that parameters move with: D-Adaptation
and Prodigy multiply it by an estimate ``d``, schedule-free optimizers warm up inside,
Adafactor scales by the size of the parameters and by the step.

Why it matters: logs of ``group["lr"]`` tell little; a scheduler multiplies with the
schedule inside.

Usual causes: such an optimizer was chosen, and the habit of logging ``lr`` was kept.

What to do: look at the effective rate (``lrscope run --effective``), not at ``lr``;
give schedule-free optimizers no scheduler, turn ``relative_step`` off where a scheduler
is wanted.

Looks the same, but is right: all of these, used as designed (info). Adafactor with
``relative_step=False`` and ``scale_parameter=False`` uses ``lr``: nothing is said.

Upstream: facebookresearch/ParlAI#2547, Nerogar/OneTrainer#412, Nerogar/OneTrainer#626,
bghira/SimpleTuner#2658, kohya-ss/sd-scripts#585, huggingface/transformers#11612,
huggingface/transformers#12123, huggingface/transformers#9751
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.finding import Finding

FREE = re.compile("schedule_?free", re.IGNORECASE)
ADAPTS = re.compile("prodigy|d_?adapt|adafactor|dowg|mechanic|came$", re.IGNORECASE)


def _subjects(case: Case) -> list[Optimizer]:
    return [each for each in case.optimizers if each.event and each.groups]


def _judge(optimizer: Optimizer) -> Iterator[Finding]:
    if optimizer.event is None:
        return
    name = optimizer.event.class_name
    held = {key for g in optimizer.event.groups for key in (*g.settings, *g.others)}
    free = bool(FREE.search(name)) or "scheduled_lr" in held
    if not (
        free or ADAPTS.search(name) or "relative_step" in held or _has_d(optimizer)
    ) or _uses_lr(optimizer):
        return
    driven = free and _is_driven(optimizer)
    measured = _measured(optimizer)
    yield RULE.found(
        optimizer,
        f"{name} works its rate out itself; lr is shown as {_shown(optimizer)}"
        + (", and a scheduler moves it as well" if driven else "")
        + _told(**measured),
        cause=f"{name} warms up inside and needs no schedule"
        if driven
        else f"that is how {name} is made",
        fix="give it no scheduler"
        if driven
        else "look at the effective rate, not at lr alone"
        + ("" if measured else ": lrscope run --effective"),
        severity=WARNING if driven else INFO,
        evidence={"class": name, **measured},
    )


def _measured(optimizer: Optimizer) -> dict[str, Any]:
    """Return what moved its first group at the last measured step, if there is one."""
    track = optimizer.groups[0].track
    measured = track.measured
    if measured is None or not np.isfinite(measured.effective[-1]):
        return {}
    step = int(measured.steps[-1])
    return {
        "effective": float(measured.effective[-1]),
        "at_step": step,
        "internals": {
            name: float(values[-1])
            for name, (steps, values) in track.internals.items()
            if steps[-1] == step
        },
    }


def _told(
    effective: float | None = None,
    at_step: int | None = None,
    internals: dict[str, float] | None = None,
) -> str:
    """Return the same in words; "" if nothing was measured."""
    if effective is None:
        return ""
    by = ", ".join(f"{name} = {each:.3g}" for name, each in (internals or {}).items())
    told = f"; its effective rate was {effective:.3g} at step {at_step}"
    return f"{told} ({by})" if by else told


def _has_d(optimizer: Optimizer) -> bool:
    """Say whether its groups hold an estimate that multiplies the rate."""
    event = optimizer.event
    return event is not None and any(
        {"d", "d0"} <= set(each.settings) for each in event.groups
    )


def _uses_lr(optimizer: Optimizer) -> bool:
    """Say whether it is an Adafactor that was told to use ``lr`` and nothing else."""
    event = optimizer.event
    settings = ("relative_step", "scale_parameter")
    return event is not None and all(
        each.others.get(name) is False for each in event.groups for name in settings
    )


def _shown(optimizer: Optimizer) -> str:
    """Return what the first group holds as its rate."""
    rate = float(optimizer.groups[0].applied[0])
    named = [each.value for each in optimizer.not_numbers if each.column == 0]
    return named[0] if named and np.isnan(rate) else f"{rate:.3g}"


def _is_driven(optimizer: Optimizer) -> bool:
    moves = (np.ptp(g.applied) > 0.2 * g.peak for g in optimizer.groups)
    return bool(optimizer.driven_by) and any(moves)


RULE = Rule(
    code="LR419",
    name="optimizer-computes-its-own-lr",
    severity=INFO,
    page=__doc__,
    needs="an optimizer that was updated",
    subjects=_subjects,
    judge=_judge,
)
