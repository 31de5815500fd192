"""A run in one line: what a training would have left behind, by the real writer."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import lrscope
from lrscope.recording import opening, rows
from lrscope.recording.writer import Writer

from .gauging import Gauges
from .tale import Told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .tale import Sched

ACCELERATE = "/lib/site-packages/accelerate/scheduler.py"


class _Recording:
    """Writes down what one process does of a training as it is told."""

    def __init__(
        self, segment: opening.Opened, script: str, told: Told, rank: int | None
    ) -> None:
        self.told, self.script = told, script
        head = {
            "rank": rank, "world_size": told.world, "pid": 1,
            "segment": segment.number,
            "command": list(told.command), "started": segment.started,
            "torch": told.torch,
        }  # fmt: skip
        name = f"segment{segment.number:03d}-pid{1 + (rank or 0)}"
        self.writer = Writer(os.path.join(segment.run, name), head)
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
        for event in told.events:
            self.tell(**event)
        self.steps = [self.stepping(k, s) for k, s in enumerate(told.scheds)]
        self.asked = [self.asking(k) for k, s in enumerate(told.scheds) if s.asked]
        self.metrics = [
            writer.layout({"holds": "argument", "scheduler": k}, 1)
            for k, s in enumerate(told.scheds)
        ]
        own = {"holds": "step", "optimizer": 0}
        columns = [[k, "lr"] for k in range(len(first))]
        columns += [[0, "momentum"]] if told.momentum else []
        self.layout = writer.layout({**own, "columns": columns}, len(columns))
        other = {"holds": "step", "optimizer": 1, "columns": [[0, "lr"]]}
        self.other = writer.layout(other, 1) if told.others else None
        self.backward = writer.item({"happened": "backward"})
        self.hand = writer.item(
            {"happened": "rate_written", "optimizer": 0, "where": [[self.script, 3]]}
        )
        self.gauges = Gauges(writer, told)
        if told.measured:
            self.tell("measuring_began", **self.gauges.began())
        self.began, self.ended = zip(self.loader(0), self.loader(1), strict=True)
        self.train()
        if told.ended:
            self.tell("process_ended", exception=told.raised)
        self.put(writer.layout({"holds": "nothing"}, 0), [], 0)
        writer.close()

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
        told = self.told
        settings = {"momentum": [told.momentum(0)]} if told.momentum else {}
        groups = [
            {"group": k, "name": f"g{k}", "tensors": 1, "elements": elements,
             "lr": each, "settings": settings, "tensor_lr": told.tensor_lr}
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
            children=list(sched.children), where=[self.script, 2],
            rates=self.rates(0) if sched.rates is None else list(sched.rates),
            rates_before=list(sched.before),
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

    def asking(self, number: int) -> int:
        """Return the item for a call of ``get_lr()``."""
        item = {"happened": "lr_asked", "scheduler": number}
        return self.writer.item({**item, "where": [self.script, 14]})

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
            is_last = bool(told.per_pass) and (call + 1) % told.per_pass == 0
            if is_last and told.ahead:
                self.data(self.ended[0])
            self.call(call)
            if is_last:
                self.end_pass((call + 1) // told.per_pass)

    def call(self, call: int) -> None:
        told = self.told
        if self.other is not None and call < told.other_until:
            self.put(self.other, [0.1], rows.UPDATED)
        skipped = told.skips(call)
        flags = rows.OVERFLOW if skipped else rows.UPDATED
        values = self.rates(call) + ([told.momentum(call)] if told.momentum else [])
        self.gauges.before(call)
        self.put(self.layout, values, flags | rows.SCALED * told.scaled)
        self.gauges.after(call)
        self.calls += 1
        self.step("batch", lambda s: s.batch)
        self.step(
            "update", lambda s: s.update * s.calls(call) * (s.on_skip or not skipped)
        )
        self.pending += self.asked

    def end_pass(self, number: int) -> None:
        told = self.told
        if not told.ahead:
            self.data(self.ended[0])
        if told.valid_every and number % told.valid_every == 0:
            self.pending.append(self.began[1])
            self.step("valid", lambda s: s.valid)
            self.pending.append(self.ended[1])
        self.step("each_pass", lambda s: s.each_pass * s.passes(number))


def recorded(folder: Path, **words: Any) -> lrscope.Run:
    """Return a run; see `Told` for what can be said about it.

    A folder that holds a run already gets a further segment.
    """
    told = Told(**words)
    run = folder / "run"
    run.mkdir(parents=True, exist_ok=True)
    script = folder / "train.py"
    script.write_text(told.source, encoding="utf-8")
    segment = opening.begin_segment(run, list(told.command))
    first = None if told.world is None and not told.ranks else 0
    _Recording(segment, str(script), told, first)
    for rank, lr in enumerate(told.ranks, 1):
        other = replace(told, lr=lr, measured=told.elsewhere or told.measured)
        _Recording(segment, str(script), other, rank)
    opening.end_segment(segment, 1 if told.raised else 0)
    return lrscope.read_run(run)
