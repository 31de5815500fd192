"""Ranks that train one model use different rates.

What it means: at the same update one rank used another rate than the lowest one, for a
group of the same size.

Why it matters: the ranks average their gradients and then step differently far, so
their copies of the model drift apart; with shards, parts of one model are trained
differently.

Usual causes: ReduceLROnPlateau is given the loss of the rank's own share of the
validation; a rate computed from how far the rank's own data has come; a rate that is
changed only ``if rank == 0``.

What to do: average the metric over the ranks before ``scheduler.step(metric)``; change
rates on every rank.

Looks the same, but is right: ranks with parameters of their own, as in pipelines; ranks
that were given different rates on purpose, as in a search (info); ranks that train on
their own (info).

Upstream: lucidrains/DALLE-pytorch#268, rwth-i6/returnn#1493,
rmchurch/disruptcnn#3, karpathy/nanochat#857, huggingface/accelerate#94
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.ranks import replicas
from lrscope.audit.finding import ERROR, INFO
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.ranks import Parting, Replicas
    from lrscope.audit.finding import Finding


def _judge(job: Replicas) -> Iterator[Finding]:
    for (number, index), partings in job.partings.items():
        optimizer = next(o for o in job.training.optimizers if o.number == number)
        group = next((g for g in optimizer.groups if g.index == index), None)
        if group is not None:
            yield _found(job, group, min(partings, key=lambda each: each.update))


def _found(job: Replicas, group: Group, first: Parting) -> Finding:
    partings = job.partings[group.optimizer.number, group.index]
    by_metric = any(each.follows_metric for each in group.optimizer.schedulers)
    shared = job.shared_by
    on_purpose = first.from_start or shared is None
    return RULE.found(
        group,
        f"{len(partings)} of {len(job.others)} ranks used another rate than rank "
        f"{job.training.rank}: rank {first.rank} from update {first.update} on, "
        f"{first.own:.4g} and not {first.other:.4g}",
        cause="the ranks were made with different rates"
        if first.from_start
        else "the scheduler is given a metric of each rank's own data"
        if by_metric
        else "the rate is changed on some ranks only, or by their own progress",
        fix="average the metric over the ranks before scheduler.step(metric)"
        if by_metric
        else "change the rate on every rank, by what all of them know",
        severity=INFO if on_purpose else ERROR,
        steps=(first.update, first.together - 1),
        evidence={
            "ranks": [each.rank for each in partings[:20]],
            "first_update": first.update,
            "rates": [first.other, first.own],
            "updates_apart": first.apart,
            "updates_compared": first.together,
            "one_model_by": shared,
        },
    )


RULE = Rule(
    code="LR507",
    name="lr-differs-across-ranks",
    severity=ERROR,
    page=__doc__,
    needs="recordings of two or more ranks of one job",
    subjects=replicas,
    judge=_judge,
)
