"""ReduceLROnPlateau was stepped with the loss of each batch.

What it means: it got a metric after every update, and its patience is shorter than a
pass over the data.

Why it matters: the loss of a batch is noisy; a few batches without a new best are
nothing, but they use the patience up. The rate is cut many times in the first pass.

Usual causes: ``scheduler.step(loss)`` stands in the loop over batches, while its
patience was chosen in epochs.

What to do: step it once for each pass, with the loss of the validation.

Looks the same, but is right: a large patience that is meant in batches; a training
whose passes have one update, because each takes all the data.

Upstream: mberkay0/pretrained-backbones-unet#3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.plateau import Plateau, plateaus
from lrscope.audit.facts.source import loops_around
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.finding import Finding

LONG = 100
"""A patience from which on it is meant in batches."""


def _subjects(case: Case) -> list[Plateau]:
    return [
        each
        for each in plateaus(case)
        if each.metrics.size >= 5 and _is_in_batches(each) is not None
    ]


def _judge(plateau: Plateau) -> Iterator[Finding]:
    scheduler, per_pass = plateau.scheduler, _is_in_batches(plateau)
    inner = scheduler.between[1:-1]
    if not per_pass or (inner == 1).mean() < 0.8:
        return
    cuts = len(plateau.decided.cuts)
    if plateau.patience >= min(LONG, per_pass) or cuts < 2:
        return
    yield RULE.found(
        scheduler,
        f"{scheduler.class_name}(patience={plateau.patience}) got a metric after each "
        f"of {inner.size + 1} updates and cut the rate {cuts} times",
        cause="it is stepped for every batch, its patience counts passes",
        fix="step it once for each pass, with the loss of the validation",
        evidence={"patience": plateau.patience, "cuts": cuts}
        | ({} if per_pass >= LONG else {"updates_per_pass": per_pass}),
    )


def _is_in_batches(plateau: Plateau) -> int | None:
    """Return the updates in a pass; 0 if each is one batch; None if that is unknown.

    Without a DataLoader two loops in the program around one step say that there are
    passes, unless the outer one makes the optimizer anew.
    """
    optimizer = plateau.scheduler.optimizer
    if optimizer is None:
        return None
    epochs = optimizer.epochs
    if epochs is not None:
        usual = epochs.calls_per_pass or int(epochs.calls.max())
        return usual if usual >= 5 else 0
    sites = plateau.scheduler.sites
    started = plateau.scheduler.training.started
    for site in sites:
        loops = loops_around(site, started)
        if len(loops) >= 2 and not _made_inside(optimizer, site[0], loops[0]):
            return LONG
    return None


def _made_inside(optimizer: Optimizer, file: str, loop: tuple[int, int]) -> bool:
    made = optimizer.event.where if optimizer.event else None
    return made is None or (made[0] == file and loop[0] <= made[1] <= loop[1])


RULE = Rule(
    code="LR503",
    name="plateau-per-batch",
    severity=ERROR,
    page=__doc__,
    needs="a ReduceLROnPlateau with metrics, and to know where passes begin",
    subjects=_subjects,
    judge=_judge,
    explains=("lr-decays-too-fast", "plateau-never-fires-other"),
)
