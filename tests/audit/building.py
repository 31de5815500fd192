"""A run in one line: what a training would have left behind, by the real writer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import lrscope
from lrscope.recording import place, rows
from lrscope.recording.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PLAIN = "for epoch in range(9):\n    for batch in loader:\n        train(batch)\n"
LEAVING = PLAIN + "        if bored:\n            break\n"
ACCELERATE = "/lib/site-packages/accelerate/scheduler.py"


@dataclass(kw_only=True)
class Sched:
    """A scheduler, and how often it is stepped where.

    Steps may be taken at ``update``, ``batch``, ``each_pass``, ``start`` (before the first call), ``ahead``
    (before each call), ``valid`` (in each validation) and ``pass_ahead``.
    """

    kind: str = "CosineAnnealingLR"
    given: dict[str, Any] = field(default_factory=dict)
    update: int = 0
    batch: int = 0
    each_pass: int = 0
    start: int = 0
    ahead: int = 0
    pass_ahead: int = 0
    valid: int = 0
    until: int = 10**9
    passes: Callable[[int], bool] = lambda _: True
    optimizer: int = 0
    children: Sequence[int] = ()
    on_skip: bool = True
    metric: Callable[[int], float] | None = None
    accelerate: bool = False
    module: str = "torch.optim.lr_scheduler"
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Told:
    """What happens in a training; ``silent``: no DataLoader says where passes are."""

    updates: int = 100
    lr: Callable[[int], Any] = lambda _: 0.1
    scheds: Sequence[Sched] = ()
    per_pass: int | None = 20
    batches: int = 1
    backward: int | None = None
    valid_every: int = 0
    skips: Callable[[int], bool] = lambda _: False
    scaled: bool = False
    world: int | None = None
    others: Sequence[dict[str, Any]] = ()
    other_until: int = 0
    command: Sequence[str] = ("python", "train.py")
    raised: dict[str, Any] | None = None
    ended: bool = True
    source: str = PLAIN
    by_hand: bool = False
    made: float | None = None
    silent: bool = False


class _Recording:
    """Writes down a training as it is told."""

    def __init__(self, folder: Path, told: Told) -> None:
        self.told = told
        script = folder / "train.py"
        script.write_text(told.source, encoding="utf-8")
        self.script = str(script)
        path = folder / "run"
        path.mkdir()
        self.segment = place.begin_segment(path, list(told.command))
        rank = None if told.world is None else 0
        head = {
            "rank": rank, "world_size": told.world, "pid": 1, "segment": 0,
            "command": list(told.command), "started": self.segment.started,
        }  # fmt: skip
        self.path = path
        self.writer = Writer(str(path / "segment000-pid1"), head)
        self.pending: list[int] = []
        self.calls = 0
        self.write()

    def write(self) -> None:
        told, writer = self.told, self.writer
        first = self.rates(0)
        made = first if told.made is None else [told.made] * len(first)
        self.introduce(0, "SGD", made, 10)
        for number, other in enumerate(told.others, 1):
            self.introduce(number, "Adam", [0.1], other.get("elements", 7))
        self.steps = [self.stepping(k, s) for k, s in enumerate(told.scheds)]
        self.metrics = [
            writer.layout({"holds": "argument", "scheduler": k}, 1)
            for k, s in enumerate(told.scheds)
        ]
        own = {"holds": "step", "optimizer": 0}
        columns = [[k, "lr"] for k in range(len(first))]
        self.layout = writer.layout({**own, "columns": columns}, len(first))
        other = {"holds": "step", "optimizer": 1, "columns": [[0, "lr"]]}
        self.other = writer.layout(other, 1) if told.others else None
        self.backward = writer.item({"happened": "backward"})
        self.hand = writer.item(
            {"happened": "rate_written", "optimizer": 0, "where": [[self.script, 3]]}
        )
        self.began, self.ended = zip(self.loader(0), self.loader(1), strict=True)
        self.train()
        if told.ended:
            self.tell("process_ended", exception=told.raised)
        self.put(writer.layout({"holds": "nothing"}, 0), [], 0)
        writer.close()
        place.end_segment(self.segment, 1 if told.raised else 0)

    def loader(self, number: int) -> tuple[int, int]:
        length = (self.told.per_pass or 0) * self.told.batches if number == 0 else 4
        began = {"happened": "pass_began", "loader": number, "length": length}
        began |= {"batch_size": 4, "where": [self.script, 2 + number]}
        ended = {"happened": "pass_ended", "loader": number}
        return self.writer.item(began), self.writer.item(ended)

    def rates(self, call: int) -> list[float]:
        found = self.told.lr(call)
        return list(found) if isinstance(found, (tuple, list)) else [float(found)]

    def tell(self, event: str, **details: Any) -> None:
        row, after = self.writer.next_row, len(self.pending)
        self.writer.event(
            {"event": event, "row": row, "after": after, "time": 1.5, **details}
        )

    def introduce(self, number: int, kind: str, lr: list[float], elements: int) -> None:
        groups = [
            {"group": k, "name": f"g{k}", "tensors": 1, "elements": elements,
             "lr": each, "settings": {}}
            for k, each in enumerate(lr)
        ]  # fmt: skip
        self.tell(
            "optimizer_constructed", optimizer=number, class_name=kind,
            module="torch.optim", how="constructed", groups=groups,
            where=[self.script, 1],
        )  # fmt: skip

    def stepping(self, number: int, sched: Sched) -> dict[str, int]:
        inside = number in {k for s in self.told.scheds for k in s.children}
        self.tell(
            "scheduler_constructed", scheduler=number, class_name=sched.kind,
            module=sched.module, how="constructed", optimizer=sched.optimizer,
            arguments=sched.given, attributes={"last_epoch": 0, **sched.attributes},
            children=list(sched.children), rates=self.rates(0), where=[self.script, 2],
        )  # fmt: skip
        item = {"happened": "scheduler_stepped", "scheduler": number}
        item |= {"depth": int(inside)}
        if sched.metric is not None:
            item["argument"] = "metrics"
        lines = {}
        for line, name in enumerate(("update", "batch", "each_pass", "valid"), 10):
            where = [ACCELERATE if sched.accelerate else self.script, line]
            more = {"from": [self.script, line]} if sched.accelerate else {}
            lines[name] = self.writer.item({**item, "where": where, **more})
        return lines

    def step(self, name: str, times: Callable[[Sched], int]) -> None:
        for k, sched in enumerate(self.told.scheds):
            for _ in range(times(sched) if self.calls <= sched.until else 0):
                self.pending.append(self.steps[k][name])
                if sched.metric is not None:
                    self.put(self.metrics[k], [sched.metric(self.calls)], 0)

    def data(self, item: int) -> None:
        if not self.told.silent:
            self.pending.append(item)

    def put(self, layout: Any, values: list[float], flags: int) -> None:
        self.writer.put(layout, self.writer.signature(self.pending), flags, values)
        self.pending.clear()

    def train(self) -> None:
        told = self.told
        self.step("update", lambda s: s.start)
        for call in range(told.updates):
            if told.per_pass and call % told.per_pass == 0:
                self.data(self.began[0])
                self.step("each_pass", lambda s: s.pass_ahead)
            self.pending += [self.hand] * told.by_hand
            for batch in range(told.batches):
                backward = 1 if told.backward is None else told.backward
                self.pending += [self.backward] * backward
                if batch < told.batches - 1:
                    self.step("batch", lambda s: s.batch)
            self.step("update", lambda s: s.ahead)
            self.call(call)
            if told.per_pass and (call + 1) % told.per_pass == 0:
                self.end_pass((call + 1) // told.per_pass)

    def call(self, call: int) -> None:
        told = self.told
        if self.other is not None and call < told.other_until:
            self.put(self.other, [0.1], rows.UPDATED)
        skipped = told.skips(call)
        flags = rows.OVERFLOW if skipped else rows.UPDATED
        self.put(self.layout, self.rates(call), flags | rows.SCALED * told.scaled)
        self.calls += 1
        self.step("batch", lambda s: s.batch)
        self.step("update", lambda s: s.update * (s.on_skip or not skipped))

    def end_pass(self, number: int) -> None:
        told = self.told
        self.data(self.ended[0])
        if told.valid_every and number % told.valid_every == 0:
            self.pending.append(self.began[1])
            self.step("valid", lambda s: s.valid)
            self.pending.append(self.ended[1])
        self.step("each_pass", lambda s: s.each_pass * s.passes(number))


def recorded(folder: Path, **told: Any) -> lrscope.Run:
    """Return a run; see `Told` for what can be said about it."""
    folder.mkdir(parents=True, exist_ok=True)
    return lrscope.read_run(_Recording(folder, Told(**told)).path)
