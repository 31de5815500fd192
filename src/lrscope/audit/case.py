"""Case: what an audit judges, a run and the plan for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lrscope.audit.facts.plans import planned_in
from lrscope.audit.facts.predecessor import resumptions_in
from lrscope.audit.facts.remade import remade_in
from lrscope.audit.facts.training import Training

if TYPE_CHECKING:
    from lrscope.audit.facts.continued import Continued
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.planned import Planned
    from lrscope.audit.facts.remade import Remade
    from lrscope.audit.facts.resumption import Resumption
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.plan import Plan
    from lrscope.recording.process import Process
    from lrscope.recording.run import Run


@dataclass(frozen=True)
class Case:
    """A run to be judged; facts are found when the first rule asks for them.

    Attributes:
        run: the run.
        plan: what its rates were meant to be; None if that is not known.
    """

    run: Run
    plan: Plan | None = None

    @cached_property
    def trainings(self) -> tuple[Training, ...]:
        """Processes that are judged one by one, by segment.

        Of the ranks of a distributed job the lowest stands for all; rules that
        compare ranks look at ``run.processes``.
        """
        last = max((each.segment for each in self.run.processes), default=0)
        return tuple(
            Training(each, is_last=each.segment == last)
            for each in _lowest_ranks(self.run.processes)
        )

    @cached_property
    def optimizers(self) -> tuple[Optimizer, ...]:
        """All optimizers of these processes."""
        return tuple(each for t in self.trainings for each in t.optimizers)

    @cached_property
    def schedulers(self) -> tuple[Scheduler, ...]:
        """All schedulers that the program steps itself."""
        return tuple(each for t in self.trainings for each in t.schedulers)

    @cached_property
    def remade(self) -> tuple[Remade, ...]:
        """Those of them that a loop makes anew."""
        return tuple(each for t in self.trainings for each in remade_in(t))

    @cached_property
    def driving(self) -> tuple[Scheduler, ...]:
        """Those of them that were stepped and drive an optimizer that was called.

        Beside a driver of ours a scheduler has no say and is not judged; of one that
        is made anew in a loop its single lives are not.
        """
        remade = {id(each) for several in self.remade for each in several.every}
        return tuple(
            each
            for each in self.schedulers
            if each.steps and each.optimizer is not None and each.optimizer.calls.size
            if not each.optimizer.plans and id(each) not in remade
        )

    @cached_property
    def to_end(self) -> tuple[Scheduler, ...]:
        """Those of `driving` that are to end with the run, which nothing continues."""
        return tuple(
            each
            for each in self.driving
            if each.horizon and each.horizon.ends_run and not each.by_argument
            if self.is_last(each)
        )

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """All groups that were updated."""
        return tuple(each for o in self.optimizers for each in o.groups)

    @cached_property
    def planned(self) -> tuple[Planned, ...]:
        """What groups were meant to follow, where that is known."""
        return planned_in(self)

    @cached_property
    def resumptions(self) -> tuple[Resumption, ...]:
        """Optimizers that go on from an earlier segment or a saved state."""
        return resumptions_in(self.trainings)

    @cached_property
    def begun_here(self) -> tuple[Group, ...]:
        """Groups of optimizers that do not go on from a saved state."""
        resumed = {id(each.optimizer) for each in self.resumptions}
        return tuple(each for each in self.groups if id(each.optimizer) not in resumed)

    @cached_property
    def continued(self) -> tuple[Continued, ...]:
        """The schedulers that drive them."""
        return tuple(each for r in self.resumptions for each in r.schedulers)

    def is_last(self, scheduler: Scheduler) -> bool:
        """Say whether nothing goes on from a scheduler, here or in a later segment."""
        own = id(scheduler.optimizer)
        return scheduler.training.is_last and own not in self._gone_on

    @cached_property
    def _gone_on(self) -> set[int]:
        return {id(each.before) for each in self.resumptions}

    def facts(self) -> dict[str, Any]:
        """Return what was counted, as plain data."""
        return {
            "trainings": [
                {
                    "segment": each.segment,
                    "rank": each.rank,
                    "pid": each.process.pid,
                    "optimizers": {o.name: o.ratios for o in _counted(each)},
                    "schedulers": [
                        {"class": s.class_name, "optimizer": s.optimizer_name}
                        | {"horizon": s.horizon.steps if s.horizon else None}
                        | {"steps": s.steps, "position": s.position}
                        | {"per_call": s.per_call}
                        for s in each.schedulers
                    ],
                }
                for each in self.trainings
            ]
        }


def _lowest_ranks(processes: tuple[Process, ...]) -> list[Process]:
    jobs: defaultdict[tuple[int, int | None], list[Process]] = defaultdict(list)
    for each in processes:
        alone = each.pid if each.rank is None else None
        jobs[each.segment, alone].append(each)
    return [min(job, key=lambda p: (p.rank or 0, p.started)) for job in jobs.values()]


def _counted(training: Training) -> tuple[Optimizer, ...]:
    """Return the optimizers that took a step, as they are numbered; else all.

    One that never did may be called like another.
    """
    places = {each: place for place, each in enumerate(training.process.optimizers)}
    stepped = [each for each in training.optimizers if each.number in places]
    stepped.sort(key=lambda each: places[each.number])
    return tuple(stepped) or training.optimizers
