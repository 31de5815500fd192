"""A CUDA graph goes on with the rate that it was captured with.

What it means: a graph that holds optimizer steps was replayed, and a group held
another rate than the one in the graph.

Why it matters: capturing writes a float into the graph as a constant. A scheduler goes
on changing the group, every print of it looks right, and no update ever sees it.

Usual causes: ``capturable=True`` with ``lr=1e-3``; a scheduler or a restored state that
puts a new tensor into the group instead of writing into the one that the graph reads.

What to do: ``lr=torch.tensor(1e-3, device="cuda")`` before the capture. Schedulers of
torch 2.2 and later write into that tensor.

Looks the same, but is right: a rate that was changed on purpose after the last replay.

Upstream: pytorch/pytorch#106802, microsoft/dion#104
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.site import distinct
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Optimizer]:
    return [each for each in case.optimizers if each.is_captured]


def _judge(optimizer: Optimizer) -> Iterator[Finding]:
    if not optimizer.kept_by_graphs:
        return
    first = optimizer.kept_by_graphs[0]
    kept = "a tensor that the group lost" if first.kept is None else f"{first.kept:.4g}"
    held = "another tensor" if first.wanted is None else f"{first.wanted:.4g}"
    yield RULE.found(
        optimizer,
        f"a CUDA graph was replayed with {kept} while the group held {held}",
        cause="a graph keeps what it was captured with: a float as a constant, a "
        "tensor by its memory",
        fix="make the rate a tensor on the device before the capture, and write into "
        "it: lr=torch.tensor(1e-3, device='cuda')",
        where=distinct(first.where) or None,
        evidence={"groups": sorted({each.group for each in optimizer.kept_by_graphs})},
    )


RULE = Rule(
    code="LR614",
    name="cuda-graph-bakes-lr",
    severity=ERROR,
    page=__doc__,
    needs="an optimizer step in a CUDA graph",
    subjects=_subjects,
    judge=_judge,
    explains=("applied-differs-from-plan",),
)
