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
or of one number that only carries a rate; steps that only draw a schedule. No gradient
is info; a warning if ``backward()`` was called and from then on no optimizer of the
process updated anything.

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
    idle = WARNING if _is_vain(optimizer, last) else INFO
    yield RULE.found(
        optimizer,
        f"{optimizer.name}.step() was called {calls} times and updated parameters in "
        f"{done}" + (f", none after call {last}" if done else ""),
        cause=f"infinite gradients in {overflowed} calls"
        if overflowed
        else "no parameter had a gradient"
        + ("" if _backwards(optimizer) else ", backward() was never called"),
        fix="find the first call whose gradients are missing or not finite; if the "
        "model was replaced, give the optimizer the parameters of the new one"
        if overflowed or done
        else "call loss.backward() before step()"
        if not _backwards(optimizer)
        else "call zero_grad() after step() or before backward(), never between them; "
        "give the optimizer the parameters of the model that is trained",
        severity=ERROR if overflowed else idle,
        evidence={"overflowed": overflowed},
    )


def _is_vain(optimizer: Optimizer, last: int) -> bool:
    """Say whether gradients were computed, and no optimizer made anything of them.

    Args:
        optimizer: the one that was called.
        last: its last call that updated parameters; -1 if none did.
    """
    begin = int(optimizer.calls[last]) + 1 if last >= 0 else 0
    return (
        optimizer.elements > 1
        and bool(_backwards(optimizer, begin))
        and not any(
            np.any(each.update_rows >= begin) for each in optimizer.training.optimizers
        )
    )


def _backwards(optimizer: Optimizer, begin: int = 0) -> int:
    return optimizer.training.process.history.count("backward", begin)


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
