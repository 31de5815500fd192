"""For each rule: runs in which it fires, look-alikes, and runs it cannot judge."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .building import recorded
from .tale import LEAVING, PLAIN, Sched
from .verdict import audited

if TYPE_CHECKING:
    from pathlib import Path

    from lrscope.audit.audit import Audit

Story = dict[str, Any]


def judged(path: Path, story: Story) -> Audit:
    """Write a story down and audit it."""
    return audited(recorded(path, **story))


def cosine(length: int, every: int = 1, peak: float = 0.1):
    return lambda call: peak * (1 + math.cos(math.pi * (call // every) / length)) / 2


def linear(length: int, end: float = 0.0, times: int = 1):
    return lambda call: 0.1 * max(end, 1 - call * times / length)


def rising(call: int) -> float:
    return 0.001 * (1 + call)


def handed_over(between: float):
    """Return a warm-up of 10 updates, one rate, and a decay from 0.1."""
    main = cosine(89)
    return lambda c: 0.01 * (1 + c) if c < 10 else between if c == 10 else main(c - 10)


def told(warm: int, total: int):
    return {"callable": "f", "holds": {"warm": warm, "total": total}}


def sched(kind: str = "CosineAnnealingLR", **more: Any) -> Sched:
    how = {k: more.pop(k) for k in list(more) if k in Sched.__dataclass_fields__}
    return Sched(kind=kind, given=more, **how)


def one(kind: str = "CosineAnnealingLR", **more: Any) -> list[Sched]:
    return [sched(kind, **more)]


def in_turn(
    *lengths: int, kind: str = "CosineAnnealingLR", by: str = "T_max", **more: Any
):
    """Return schedulers of one line, each of which is stepped in a pass of its own."""
    return [
        sched(
            kind,
            **more,
            **{by: length},
            passes=lambda p, k=k: p == k + 1,
            calls=lambda c, k=k: c // 20 == k,
        )
        for k, length in enumerate(lengths)
    ]


STEPWISE = {"update": 1}
BY_PASS = {"each_pass": 1}
WARM = {"start_factor": 0.1, "end_factor": 1.0}
BARE: Story = {"per_pass": None}
OVERRUN = {"type": "ValueError", "message": "Tried to step 99 times. Total 98"}

FIRES: dict[str, dict[str, Story]] = {
    "sched-never-stepped": {
        "whole passes": {"scheds": one(T_max=5)},
        "no loader": {"scheds": one(T_max=5), "per_pass": None},
    },
    "epoch-cadence-for-per-update-schedule": {
        "onecycle of all updates": {"scheds": one("OneCycleLR", total_steps=100, **BY_PASS)},
        "steps_per_epoch": {
            "scheds": one("OneCycleLR", total_steps=None, epochs=5, steps_per_epoch=20, **BY_PASS)
        },
        "no loader": {"scheds": one(T_max=100, **BY_PASS), "silent": True},
        "a long warm-up": {"scheds": one("LinearLR", total_iters=60, **WARM, **BY_PASS)},
        "a function": {"scheds": one("LambdaLR", lr_lambda=told(10, 100), **BY_PASS), "lr": rising},
        "cycles": {"scheds": one("CyclicLR", step_size_up=2000, **BY_PASS)},
    },
    "batch-cadence-for-epoch-schedule": {
        "step decay": {
            "scheds": one("StepLR", step_size=3, gamma=0.1, **STEPWISE),
            "lr": lambda call: 0.1 * 0.1 ** (call // 3),
        },
        "cosine": {"scheds": one(T_max=5, **STEPWISE), "lr": cosine(5)},
        "milestones": {"scheds": one("MultiStepLR", milestones=[2, 4], **STEPWISE)},
    },
    "stepped-both-per-batch-and-per-epoch": {
        "two lines": {"scheds": one(T_max=104, update=1, each_pass=1)},
        "two lines without a loader": {
            "scheds": one(T_max=104, update=1, each_pass=1),
            "silent": True,
        },
    },
    "sched-made-anew-in-loop": {
        "stepped at every update": {"scheds": in_turn(*[100] * 5, **STEPWISE)},
        "stepped once a pass": {"scheds": in_turn(*[3] * 5, kind="StepLR", by="step_size", **BY_PASS)},
    },
    "two-sched-steps-per-update": {
        "twice in a line": {"scheds": one(T_max=100, update=2)},
    },
    "sched-stepped-per-microbatch": {
        "four batches": {"scheds": one("LinearLR", total_iters=100, start_factor=1.0, end_factor=0.1, batch=1), "batches": 4},
        "no loader": {"scheds": one(T_max=100, batch=1), "batches": 3, **BARE},
    },
    "horizon-ignores-accumulation": {
        "four batches": {"scheds": one(T_max=400, **STEPWISE), "batches": 4},
        "no loader": {"scheds": one(T_max=200, **STEPWISE), "batches": 2, **BARE},
        "steps_per_epoch in batches": {
            "scheds": one("OneCycleLR", total_steps=None, epochs=5, steps_per_epoch=80, **STEPWISE),
            "batches": 4,
        },
        "and the other processes": {"scheds": one(T_max=800, **STEPWISE), "batches": 4, "world": 2},
    },
    "accelerate-steps-xN-processes": {
        "length in updates": {"scheds": one(T_max=100, update=4, accelerate=True), "world": 4},
        "by pass": {"scheds": one("StepLR", step_size=3, each_pass=2, accelerate=True), "world": 2},
    },
    "accelerate-plateau-patience-divided": {
        "four processes": {
            "scheds": one("ReduceLROnPlateau", patience=3, each_pass=4, accelerate=True, metric=lambda c: 1 / (1 + c)),
            "world": 4,
        },
    },
    "horizon-computed-before-sharding": {
        "two processes": {"scheds": one(T_max=200, **STEPWISE), "world": 2},
    },
    "stepped-during-validation": {
        "every batch": {"scheds": one(T_max=120, update=1, valid=4), "valid_every": 1},
    },
    "stepped-only-when-validation-runs": {
        "stairs of several passes": {
            "scheds": one("StepLR", step_size=3, each_pass=1, passes=lambda n: n % 2 == 0),
            "valid_every": 2,
            "updates": 200,
        },
        "every second pass": {
            "scheds": one(T_max=10, each_pass=1, passes=lambda n: n % 2 == 0),
            "valid_every": 2,
            "updates": 200,
        },
    },
    "stepped-for-an-optimizer-that-did-not-step": {
        "never": {
            "scheds": one(T_max=100, update=1, optimizer=1),
            "others": [{"elements": 7}],
        },
    },
    "epoch-clock-resets-inside-warmup": {
        "every pass": {"lr": lambda call: 0.01 * (1 + call % 20), "by_hand": True},
    },
    "sched-before-optimizer": {
        "every update": {
            "scheds": one("ExponentialLR", gamma=0.9, ahead=1),
            "lr": lambda call: 0.1 * 0.9 ** (call + 1),
        },
        "every pass": {"scheds": one("ExponentialLR", gamma=0.9, pass_ahead=1)},
    },
    "amp-skip-advances-schedule": {
        "one in ten": {"scheds": one(T_max=100, **STEPWISE), "scaled": True, "skips": lambda c: c % 10 == 5},
        "five of two hundred": {
            "scheds": one(T_max=200, **STEPWISE),
            "updates": 200,
            "scaled": True,
            "skips": lambda c: c in {3, 40, 80, 120, 160},
        },
    },
    "every-update-skipped-silently": {
        "all": {"scaled": True, "skips": lambda _: True},
        "from the middle on": {"scaled": True, "skips": lambda c: c > 30},
    },
    "warmup-misses-first-update": {
        "by hand": {"lr": lambda c: 0.1 if c == 0 else 0.001 * c, "by_hand": True},
        "a whole pass": {"lr": lambda c: 0.1 if c < 20 else 0.001 * (c // 20)},
    },
    "first-update-at-lr-zero": {
        "a whole pass": {"lr": lambda c: 0.01 * (c // 20), "scheds": one("LambdaLR", **BY_PASS)},
    },
    "schedule-longer-than-run": {
        "a function": {"scheds": one("LambdaLR", lr_lambda=[told(0, 300)], **STEPWISE), "lr": cosine(300)},
        "by pass": {"scheds": one(T_max=12, **BY_PASS), "lr": cosine(12, 20)},
        "by update": {"scheds": one(T_max=250, **STEPWISE), "lr": cosine(250)},
    },
    "schedule-shorter-than-run": {
        "at zero": {"scheds": one("PolynomialLR", total_iters=60, **STEPWISE), "lr": linear(60)},
        "by hand": {"lr": linear(70), "by_hand": True},
    },
    "cosine-past-T_max-climbs-back": {
        "half again": {"scheds": one(T_max=60, **STEPWISE), "lr": cosine(60)},
        "two and a half lengths": {"scheds": one(T_max=40, **STEPWISE), "lr": cosine(40)},
        "by pass": {"scheds": one(T_max=4, **BY_PASS), "lr": cosine(4, 20), "updates": 160},
        "after a warm-up": {
            "scheds": [
                sched("LinearLR", total_iters=10, **WARM),
                sched(T_max=50),
                sched("SequentialLR", milestones=[10], children=[0, 1], update=1),
            ],
            "lr": lambda c: 0.01 * (1 + c) if c < 10 else cosine(50)(c - 10),
        },
    },
    "onecycle-overrun-crash": {
        "one step too many": {
            "scheds": one("OneCycleLR", total_steps=98, **STEPWISE),
            "updates": 99,
            "raised": OVERRUN,
        },
    },
    "steps-per-epoch-from-sample-counts": {
        "behind a loader that reads ahead": {"scheds": one(T_max=95, **STEPWISE), "ahead": True},
        "rounded down": {"scheds": one(T_max=95, **STEPWISE)},
        "samples that are no windows": {
            "scheds": one(T_max=110, **STEPWISE),
            "source": PLAIN + "steps = 5 * (len(series) // batch_size)\n",
        },
        "steps_per_epoch": {
            "scheds": one("OneCycleLR", total_steps=None, epochs=5, steps_per_epoch=40, **STEPWISE)
        },
    },
    "warmup-longer-than-run": {
        "by hand": {"lr": lambda c: 0.0001 * (1 + c), "made": 0.1, "by_hand": True},
        "linear": {
            "scheds": one("LinearLR", total_iters=400, **WARM, **STEPWISE),
            "lr": lambda c: 0.0001 * (1 + c),
        },
        "a function": {"scheds": one("LambdaLR", **STEPWISE), "lr": lambda c: 0.0001 * (1 + c), "made": 0.1},
    },
    "milestones-never-hit-float": {
        "a share of the epochs": {"scheds": one("MultiStepLR", milestones=[3.6, 4.8], **BY_PASS)},
    },
    "warmup-handoff-glitch": {
        "a bump": {"lr": handed_over(0.13)},
        "a dip": {"lr": handed_over(0.02)},
        "one event too many": {"lr": handed_over(0.11), "made": 0.1},
    },
    "warmup-eats-the-decay-prefix": {
        "cosine": {"lr": lambda c: 0.005 * (1 + c) if c < 20 else cosine(100)(c), "made": 0.1},
        "linear": {"lr": lambda c: 0.005 * (1 + c) if c < 20 else linear(100)(c), "made": 0.1},
    },
    "warmup-cut-at-epoch-one": {
        "a jump": {"lr": lambda c: 0.001 * (1 + c) if c < 20 else cosine(100)(c - 20)},
        "left behind": {"scheds": one("LinearLR", total_iters=50, until=20, **WARM, **STEPWISE)},
    },
    "warmup-and-total-swapped": {
        "held by a function": {"scheds": one("LambdaLR", lr_lambda=told(100, 10), **STEPWISE), "lr": rising},
    },
}  # fmt: skip

QUIET: dict[str, dict[str, Story]] = {
    "sched-made-anew-in-loop": {
        "whole cycles": {"scheds": in_turn(*[20] * 5, **STEPWISE)},
        "two phases": {"scheds": in_turn(100, 80, **STEPWISE), "updates": 40},
        "each of its own length": {"scheds": in_turn(100, 80, 60, 40, 20, **STEPWISE)},
    },
    "sched-never-stepped": {
        "it is stepped": {"scheds": one(T_max=5, **BY_PASS)},
        "another takes its place": {"scheds": [sched(T_max=5), sched("StepLR", step_size=2, **BY_PASS)]},
    },
    "epoch-cadence-for-per-update-schedule": {
        "by pass, in passes": {"scheds": one(T_max=5, **BY_PASS)},
        "a short trial": {"scheds": one(T_max=50, **BY_PASS), "source": LEAVING},
        "a long schedule in passes": {"scheds": one(T_max=30, **BY_PASS)},
        "cycles of some passes": {"scheds": one("CyclicLR", step_size_up=4, **BY_PASS)},
        "cycles in updates": {"scheds": one("CyclicLR", step_size_up=2000, **STEPWISE)},
    },
    "batch-cadence-for-epoch-schedule": {
        "small decays": {
            "scheds": one("StepLR", step_size=5, gamma=0.99, **STEPWISE),
            "lr": lambda call: 0.1 * 0.99 ** (call // 5),
        },
        "iterations": {"scheds": one("MultiStepLR", milestones=[60, 80], **STEPWISE)},
        "a short warm-up": {"scheds": one("LinearLR", total_iters=5, **WARM, **STEPWISE)},
        "a rate that grows, to find one": {
            "scheds": one("ExponentialLR", gamma=1.15, **STEPWISE),
            "lr": lambda call: 1e-6 * 1.15**call,
        },
    },
    "stepped-both-per-batch-and-per-epoch": {
        "a length that counts them": {"scheds": one(T_max=105, update=1, each_pass=1)},
        "two objects": {"scheds": [sched(T_max=100, **STEPWISE), sched("StepLR", step_size=2, **BY_PASS)]},
        "one line": {"scheds": one(T_max=100, **STEPWISE)},
    },
    "two-sched-steps-per-update": {
        "length was doubled": {"scheds": one(T_max=200, update=2)},
        "once": {"scheds": one(T_max=100, **STEPWISE)},
    },
    "sched-stepped-per-microbatch": {
        "length was multiplied": {"scheds": one(T_max=400, batch=1), "batches": 4},
        "guarded": {"scheds": one(T_max=100, **STEPWISE), "batches": 4},
        "decays by batches": {"scheds": one("StepLR", step_size=80, batch=1), "batches": 4},
    },
    "horizon-ignores-accumulation": {
        "length in updates": {"scheds": one(T_max=100, **STEPWISE), "batches": 4},
        "neither batches nor processes": {"scheds": one(T_max=600, **STEPWISE), "batches": 4, "world": 2},
    },
    "accelerate-steps-xN-processes": {
        "length of the whole loader": {"scheds": one(T_max=400, update=4, accelerate=True), "world": 4},
    },
    "accelerate-plateau-patience-divided": {
        "once": {"scheds": one("ReduceLROnPlateau", patience=3, each_pass=1, metric=lambda _: 0.5)},
    },
    "horizon-computed-before-sharding": {
        "length of a share": {"scheds": one(T_max=100, **STEPWISE), "world": 2},
    },
    "stepped-during-validation": {
        "once after each": {"scheds": one(T_max=5, valid=1), "valid_every": 1},
        "plateau": {
            "scheds": [sched(T_max=100, update=1), sched("ReduceLROnPlateau", valid=1, metric=lambda _: 1.0)],
            "valid_every": 1,
        },
    },
    "stepped-only-when-validation-runs": {
        "stairs of several validations": {
            "scheds": one("StepLR", step_size=2, each_pass=1, passes=lambda n: n % 2 == 0),
            "valid_every": 2,
            "updates": 200,
        },
        "a factor for each": {
            "scheds": one("ExponentialLR", gamma=0.9, each_pass=1, passes=lambda n: n % 2 == 0),
            "valid_every": 2,
            "updates": 200,
        },
        "length in validations": {
            "scheds": one(T_max=5, each_pass=1, passes=lambda n: n % 2 == 0),
            "valid_every": 2,
            "updates": 200,
        },
        "every pass": {"scheds": one(T_max=10, **BY_PASS), "valid_every": 2, "updates": 200},
    },
    "stepped-for-an-optimizer-that-did-not-step": {
        "both from the start": {
            "scheds": [sched(T_max=100, update=1), sched(T_max=100, update=1, optimizer=1)],
            "others": [{"elements": 7}],
            "other_until": 100,
        },
    },
    "epoch-clock-resets-inside-warmup": {
        "restarts downward": {"lr": lambda call: 0.1 / (1 + call % 20), "by_hand": True},
        "one warm-up": {"lr": lambda call: 0.001 * (1 + call), "by_hand": True},
    },
    "sched-before-optimizer": {
        "after": {"scheds": one("ExponentialLR", gamma=0.9, **STEPWISE)},
        "one step before the loop": {"scheds": one("LambdaLR", start=1, **STEPWISE)},
        "by pass, after": {"scheds": one("ExponentialLR", gamma=0.9, **BY_PASS)},
    },
    "amp-skip-advances-schedule": {
        "guarded": {
            "scheds": one(T_max=90, update=1, on_skip=False),
            "scaled": True,
            "skips": lambda c: c % 10 == 5,
        },
        "the first ones": {"scheds": one(T_max=100, **STEPWISE), "scaled": True, "skips": lambda c: c < 9},
        "a few in a short run": {
            "scheds": one(T_max=30, **STEPWISE),
            "updates": 30,
            "per_pass": None,
            "scaled": True,
            "skips": lambda c: c in {0, 7, 8, 21},
        },
        "one in a hundred of many": {
            "scheds": one(T_max=900, **STEPWISE),
            "updates": 900,
            "scaled": True,
            "skips": lambda c: c % 100 == 50,
        },
    },
    "every-update-skipped-silently": {
        "some": {"scaled": True, "skips": lambda c: c % 2 == 0},
    },
    "warmup-misses-first-update": {
        "falling from the start": {"lr": lambda c: 0.1 / (1 + 9 * c)},
        "a warm-up": {"lr": lambda c: 0.001 * (1 + c)},
    },
    "first-update-at-lr-zero": {
        "one update": {"lr": lambda c: 0.001 * c},
        "one of two groups": {"lr": lambda c: (0.0 if c < 40 else 0.1, 0.1)},
    },
    "schedule-longer-than-run": {
        "a function that fits": {"scheds": one("LambdaLR", lr_lambda=[told(0, 100)], **STEPWISE), "lr": cosine(100)},
        "it fits": {"scheds": one(T_max=100, **STEPWISE)},
        "another takes over": {
            "scheds": [
                sched(T_max=12, passes=lambda each: each < 3, **BY_PASS),
                sched("StepLR", step_size=9, passes=lambda each: each >= 3, **BY_PASS),
            ]
        },
        "left in a pass": {"scheds": one(T_max=300, **STEPWISE), "updates": 90},
        "early stopping": {"scheds": one(T_max=12, **BY_PASS), "source": LEAVING},
        "asked for": {"scheds": one(T_max=12, **BY_PASS), "command": ["python", "t.py", "--max-steps", "9"]},
    },
    "schedule-shorter-than-run": {
        "ends at zero": {"scheds": one("PolynomialLR", total_iters=100, **STEPWISE), "lr": linear(100)},
        "a floor": {
            "scheds": one("LinearLR", start_factor=1.0, end_factor=0.1, total_iters=60, **STEPWISE),
            "lr": linear(60, 0.1),
        },
        "a frozen group": {"lr": lambda c: (0.0 if c > 50 else 0.1, 0.1)},
    },
    "cosine-past-T_max-climbs-back": {
        "it fits": {"scheds": one(T_max=100, **STEPWISE), "lr": cosine(100)},
        "one step past": {"scheds": one(T_max=99, **STEPWISE), "lr": cosine(99)},
        "many periods": {"scheds": one(T_max=25, **STEPWISE), "lr": cosine(25)},
        "down, up and down": {"scheds": one(T_max=20, **STEPWISE), "lr": cosine(20), "updates": 60},
    },
    "onecycle-overrun-crash": {
        "on time": {"scheds": one("OneCycleLR", total_steps=100, **STEPWISE)},
        "another error": {
            "scheds": one("OneCycleLR", total_steps=120, **STEPWISE),
            "raised": {"type": "ValueError", "message": "no"},
        },
    },
    "steps-per-epoch-from-sample-counts": {
        "a loader that reads ahead": {"scheds": one(T_max=100, **STEPWISE), "ahead": True},
        "early stopping": {
            "scheds": one(T_max=110, **STEPWISE),
            "per_pass": 10,
            "source": LEAVING + "steps = 11 * (len(images) // batch_size)\n",
        },
        "it fits": {"scheds": one("OneCycleLR", total_steps=None, epochs=5, steps_per_epoch=20, **STEPWISE)},
        "a length that was chosen": {"scheds": one(T_max=110, **STEPWISE)},
    },
    "warmup-longer-than-run": {
        "by hand, to the peak": {"lr": rising, "made": 0.1, "by_hand": True},
        "it fits": {"scheds": one("LinearLR", total_iters=50, **WARM, **STEPWISE)},
        "a function, to the peak": {"scheds": one("LambdaLR", **STEPWISE), "lr": rising, "made": 0.1},
        "a function that goes on": {
            "scheds": one("LambdaLR", **STEPWISE),
            "lr": lambda c: 0.0001 * min(1 + c, 90),
            "made": 0.1,
        },
        "a function, in a trial": {
            "scheds": one("LambdaLR", **STEPWISE),
            "lr": lambda c: 0.0001 * (1 + c),
            "made": 0.1,
            "source": LEAVING,
        },
        "a trial": {
            "scheds": one("LinearLR", total_iters=400, **WARM, **STEPWISE),
            "lr": lambda c: 0.0001 * (1 + c),
            "source": LEAVING,
        },
    },
    "milestones-never-hit-float": {
        "whole numbers": {"scheds": one("MultiStepLR", milestones=[3.0, 4], **BY_PASS)},
    },
    "warmup-handoff-glitch": {
        "it meets": {"lr": handed_over(0.1)},
        "steep stairs": {"lr": lambda c: 0.005 * (1 + c) if c < 20 else 0.1 * 0.1 ** (c // 20)},
        "restarts": {"lr": lambda c: cosine(20)(c % 20)},
        "a search before": {"lr": lambda c: 0.001 * 1.19**c if c < 40 else cosine(60)(c - 40), "made": 0.1},
    },
    "warmup-eats-the-decay-prefix": {
        "a decay of its own": {"lr": lambda c: 0.005 * (1 + c) if c < 20 else cosine(80)(c - 20), "made": 0.1},
        "a short warm-up": {"lr": lambda c: 0.02 * (1 + c) if c < 5 else cosine(100)(c), "made": 0.1},
    },
    "warmup-cut-at-epoch-one": {
        "as long as a pass": {"lr": lambda c: 0.005 * (1 + c) if c < 20 else cosine(100)(c - 20)},
        "it goes on": {"lr": rising},
    },
    "warmup-and-total-swapped": {
        "in order": {"scheds": one("LambdaLR", lr_lambda=told(10, 100), **STEPWISE), "lr": handed_over(0.1)},
        "other units": {"scheds": one("LambdaLR", lr_lambda=told(100, 10), **STEPWISE), "lr": linear(100)},
    },
}  # fmt: skip

NO_SCHEDULER: dict[str, Story] = {"no scheduler": {"lr": lambda _: 0.1}}
CANNOT: dict[str, dict[str, Story]] = {
    "sched-made-anew-in-loop": {**NO_SCHEDULER},
    "sched-never-stepped": {
        **NO_SCHEDULER,
        "within the first pass": {"scheds": one(T_max=5), "updates": 15},
        "rates by hand": {"scheds": one(T_max=5), "by_hand": True},
    },
    "epoch-cadence-for-per-update-schedule": {
        **NO_SCHEDULER,
        "of unknown length": {"scheds": one("LambdaLR", **BY_PASS)},
        "a function that counts passes": {
            "scheds": one("LambdaLR", lr_lambda=told(20, 100), **BY_PASS),
            "lr": rising,
        },
    },
    "batch-cadence-for-epoch-schedule": {
        **NO_SCHEDULER,
        "no loader": {"scheds": one("StepLR", step_size=3, **STEPWISE), **BARE},
    },
    "stepped-both-per-batch-and-per-epoch": NO_SCHEDULER,
    "two-sched-steps-per-update": {
        **NO_SCHEDULER,
        "accumulation": {"scheds": one(T_max=100, update=2), "batches": 2},
    },
    "sched-stepped-per-microbatch": {
        **NO_SCHEDULER,
        "no accumulation": {"scheds": one(T_max=100, **STEPWISE)},
    },
    "horizon-ignores-accumulation": {
        **NO_SCHEDULER,
        "it still runs": {"scheds": one(T_max=400, **STEPWISE), "batches": 4, "ended": False},
    },
    "accelerate-steps-xN-processes": {
        **NO_SCHEDULER,
        "one process": {"scheds": one(T_max=100, **STEPWISE)},
    },
    "accelerate-plateau-patience-divided": NO_SCHEDULER,
    "horizon-computed-before-sharding": {
        **NO_SCHEDULER,
        "one process": {"scheds": one(T_max=200, **STEPWISE)},
    },
    "stepped-during-validation": {
        **NO_SCHEDULER,
        "no validation": {"scheds": one(T_max=200, **STEPWISE)},
    },
    "stepped-only-when-validation-runs": {
        **NO_SCHEDULER,
        "no validation": {"scheds": one(T_max=10, **BY_PASS)},
    },
    "stepped-for-an-optimizer-that-did-not-step": {
        **NO_SCHEDULER,
        "one optimizer": {"scheds": one(T_max=10, **BY_PASS)},
    },
    "epoch-clock-resets-inside-warmup": {
        "no loader": {"lr": lambda call: 0.01 * (1 + call % 20), **BARE},
        "cyclic": {"scheds": one("CyclicLR", **STEPWISE)},
    },
    "sched-before-optimizer": {
        **NO_SCHEDULER,
        "with an argument": {"scheds": one("LambdaLR", pass_ahead=1, metric=float)},
    },
    "amp-skip-advances-schedule": {
        **NO_SCHEDULER,
        "no scaler": {"scheds": one(T_max=100, **STEPWISE)},
        "by pass": {"scheds": one(T_max=5, **BY_PASS), "scaled": True},
    },
    "every-update-skipped-silently": {"a short trial": {"updates": 5}},
    "warmup-misses-first-update": {"constant": {}},
    "first-update-at-lr-zero": {"nothing updated": {"scaled": True, "skips": lambda _: True}},
    "schedule-longer-than-run": {
        **NO_SCHEDULER,
        "it still runs": {"scheds": one(T_max=12, **BY_PASS), "ended": False},
    },
    "schedule-shorter-than-run": {"always at 0": {"lr": lambda _: 0.0}},
    "cosine-past-T_max-climbs-back": {
        **NO_SCHEDULER,
        "another scheduler": {"scheds": one("StepLR", step_size=3, **STEPWISE)},
    },
    "onecycle-overrun-crash": NO_SCHEDULER,
    "steps-per-epoch-from-sample-counts": {
        **NO_SCHEDULER,
        "no loader": {"scheds": one(T_max=95, **STEPWISE), **BARE},
    },
    "warmup-longer-than-run": {
        **NO_SCHEDULER,
        "no warm-up": {"scheds": one(T_max=100, **STEPWISE)},
        "a function that was never stepped": {
            "scheds": one("LambdaLR"),
            "lr": lambda c: 0.0001 * (1 + c),
            "made": 0.1,
        },
        "one of two functions": {
            "scheds": [sched("LambdaLR", **STEPWISE), sched("LambdaLR", **STEPWISE)],
            "lr": lambda c: 0.0001 * (1 + c),
            "made": 0.1,
        },
    },
    "milestones-never-hit-float": {
        **NO_SCHEDULER,
        "another scheduler": {"scheds": one("StepLR", step_size=3, **STEPWISE)},
    },
    "warmup-handoff-glitch": {"constant": {}},
    "warmup-eats-the-decay-prefix": {"constant": {}},
    "warmup-cut-at-epoch-one": {"no loader": {"lr": rising, **BARE}, "one pass": {"updates": 20}},
    "warmup-and-total-swapped": {
        **NO_SCHEDULER,
        "no numbers": {"scheds": one("LambdaLR", **STEPWISE)},
    },
}  # fmt: skip
