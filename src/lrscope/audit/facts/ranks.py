"""Ranks: processes of one job whose rates should be the same, compared.

One rank is in memory at a time beside the one that it is compared with.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.source import text_of
from lrscope.recording.events import ModelShared
from lrscope.recording.process import Process

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.case import Case
    from lrscope.audit.facts.training import Training

NEAR = 1e-5
"""Relative difference up to which two rates are the same: float32 rates are near."""

SHARING = re.compile(
    r"DistributedDataParallel|DistributedOptimizer|FullyShardedDataParallel|"
    r"fully_shard|deepspeed|Accelerator|all_reduce\([^)\n]*\bgrad|"
    r"average_gradients|LightningModule"
)
"""What a program says if its ranks train one model."""

Groups = dict[tuple[int, int], "Rates"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What a rank used for one group.

    Attributes:
        name: of the group.
        tensors: parameters in it.
        elements: numbers in these.
        made_with: the rate that it was made with.
        applied: the rate of each update.
    """

    name: str
    tensors: int
    elements: int
    made_with: float
    applied: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """Where one rank leaves the rates of another.

    Attributes:
        rank: the rank that leaves.
        update: the first update whose rate differs.
        own: its rate there.
        other: the rate of the lowest rank there.
        apart: how many updates differ.
        together: how many updates were compared.
        from_start: whether they were made with different rates.
    """

    rank: int
    update: int
    own: float
    other: float
    apart: int
    together: int
    from_start: bool


@dataclass(frozen=True)
class Replicas:
    """The processes of one job that train together.

    Attributes:
        training: the lowest rank.
        others: the other ranks.
    """

    training: Training
    others: tuple[Process, ...]

    @cached_property
    def groups(self) -> Groups:
        """What the lowest rank used, by number of optimizer and group."""
        return rates_of(self.training.process)

    @cached_property
    def partings(self) -> dict[tuple[int, int], list[Parting]]:
        """Where other ranks leave its rates, by number of optimizer and group."""
        found: defaultdict[tuple[int, int], list[Parting]] = defaultdict(list)
        for process in self.others:
            theirs = rates_of(_anew(process))
            for key, own in self.groups.items():
                other = theirs.get(key)
                parting = _parting(process.rank or 0, own, other) if other else None
                if parting is not None:
                    found[key].append(parting)
        return dict(found)

    @cached_property
    def shared_by(self) -> str | None:
        """What makes all ranks train one model; None if nothing says so."""
        process = self.training.process
        for each in process.history.of(ModelShared):
            return each.wrapper
        script = Path(process.head.get("directory", ""), process.head.get("script", ""))
        sites = [site[0] for each in self.training.schedulers for site in each.where]
        for file in dict.fromkeys((str(script), *sites)):
            found = SHARING.search(text_of(file, process.started) or "")
            if found:
                return found.group(0)
        return None


def replicas(case: Case) -> list[Replicas]:
    """Return the jobs of a run that have several recorded ranks."""
    jobs: defaultdict[int, list[Process]] = defaultdict(list)
    for each in case.run.processes:
        if each.rank is not None:
            jobs[each.segment].append(each)
    found = []
    for training in case.trainings:
        job = jobs.get(training.segment, []) if training.rank is not None else []
        ranks = [each.rank for each in job]
        if len(job) > 1 and len(set(ranks)) == len(ranks):
            others = tuple(each for each in job if each is not training.process)
            found.append(Replicas(training, others))
    return found


def rates_of(process: Process) -> Groups:
    """Return what a rank used, by number of optimizer and group."""
    found: Groups = {}
    for number, optimizer in process.optimizers.items():
        for track in process.tracks:
            if track.optimizer == optimizer:
                described = track.description
                found[number, track.group.index] = Rates(
                    name=track.name,
                    tensors=described.tensors,
                    elements=described.elements,
                    made_with=described.lr,
                    applied=track.applied,
                )
    return found


def _anew(process: Process) -> Process:
    """Return a process whose decoded numbers nobody else holds on to."""
    return Process(process.path, process.history.contents)


def _parting(rank: int, own: Rates, other: Rates) -> Parting | None:
    """Return where two ranks part; None if they do not, or train other parameters."""
    if (own.tensors, own.elements) != (other.tensors, other.elements):
        return None
    together = min(own.applied.size, other.applied.size)
    ours, theirs = own.applied[:together], other.applied[:together]
    if np.array_equal(ours, theirs):
        return None
    apart = ~np.isclose(theirs, ours, rtol=NEAR, atol=0.0, equal_nan=True)
    if not apart.any():
        return None
    first = int(apart.argmax())
    return Parting(
        rank=rank,
        update=first,
        own=float(theirs[first]),
        other=float(ours[first]),
        apart=int(apart.sum()),
        together=together,
        from_start=not np.isclose(
            own.made_with, other.made_with, rtol=NEAR, atol=0.0, equal_nan=True
        ),
    )
