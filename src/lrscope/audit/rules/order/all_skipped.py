"""The optimizer was called, and not one update happened.

What it means: every call of ``optimizer.step()`` was left out or found no gradient, for
the whole run or for its second half.

Why it matters: the rate follows its plan, losses are logged, and the weights do not
change. The run is worth nothing.

Usual causes: infinite gradients at every step with a scale that is stuck; parameters of
another model were given to the optimizer; the graph was cut by ``detach()``;
``zero_grad()`` was called between ``backward()`` and ``step()``.

What to do: look for the first infinite or missing gradient.

Looks the same, but is right: an optimizer over parameters that are frozen on purpose,
or of one number that only carries a rate (no gradient at all: info; a warning if
``backward()`` was called and no optimizer of the process ever updated anything).

Upstream: deepspeedai/DeepSpeed#8415
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.finding import ERROR, INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.finding import Finding

ENOUGH = 20
"""Calls without an update that are no accident."""


def _subjects(case: Case) -> list[Optimizer]:
    return [each for each in case.optimizers if each.calls.size >= ENOUGH]


def _judge(optimizer: Optimizer) -> Iterator[Finding]:
    calls = int(optimizer.calls.size)
    done = optimizer.updates
    last = calls - 1 - int(np.argmax(optimizer.updated[::-1])) if done else -1
    if calls - 1 - last < max(ENOUGH, calls / 2):
        return
    overflowed = int(optimizer.overflowed[last + 1 :].sum())
    yield RULE.found(
        optimizer,
        f"{optimizer.name}.step() was called {calls} times and updated parameters in "
        f"{done}" + (f", none after call {last}" if done else ""),
        cause=f"infinite gradients in {overflowed} calls"
        if overflowed
        else "no parameter had a gradient",
        fix="find the first call whose gradients are missing or not finite; if the "
        "model was replaced, give the optimizer the parameters of the new one"
        if overflowed or done
        else "call zero_grad() after step() or before backward(), never between them; "
        "give the optimizer the parameters of the model that is trained",
        severity=ERROR if overflowed else WARNING if _is_vain(optimizer) else INFO,
        evidence={"overflowed": overflowed},
    )


def _is_vain(optimizer: Optimizer) -> bool:
    """Say whether gradients were computed, and no optimizer made anything of them."""
    training = optimizer.training
    return (
        optimizer.elements > 1
        and bool(training.process.history.count("backward"))
        and not any(each.updates for each in training.optimizers)
    )


RULE = Rule(
    code="LR103",
    name="every-update-skipped-silently",
    severity=ERROR,
    page=__doc__,
    needs=f"an optimizer that was called {ENOUGH} times",
    subjects=_subjects,
    judge=_judge,
    explains=("amp-skip-advances-schedule",),
)
