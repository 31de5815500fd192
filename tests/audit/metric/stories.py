"""Runs with metrics, traps and strange values: mistakes, look-alikes, neither."""

from __future__ import annotations

from typing import Any

from audit.stories import (
    BY_PASS,
    NO_SCHEDULER,
    STEPWISE,
    Story,
    cosine,
    one,
    sched,
)
from audit.tale import LEAVING, script

LONG: Story = {"updates": 400}


def shared(wrapper: str) -> dict[str, Any]:
    return {"event": "model_shared", "wrapper": wrapper, "where": []}


DDP, FSDP = shared("DistributedDataParallel"), shared("FullyShardedDataParallel")
OLD: Story = {"torch": "2.4.1"}
SHOWN = "get_last_lr()[0]"
ONE_LOOP = "for epoch in range(9):\n    train()\n"


def plateau(metric: Any, **more: Any) -> list[Any]:
    how = {"patience": 3, "mode": "min", "factor": 0.1, **(more or {})}
    return one("ReduceLROnPlateau", metric=metric, **BY_PASS, **how)


def settling(call: int) -> float:
    return 0.9 - 0.7 * 0.8 ** (call / 20)


def falling(call: int) -> float:
    return 1 / (1 + call)


def sequence(*children: Any, at: int = 10, begins: float, **more: Any) -> list[Any]:
    """Return a SequentialLR of some parts that is stepped for each update."""
    own = {"children": range(len(children)), "rates": [begins], **STEPWISE}
    return [*children, sched("SequentialLR", milestones=[at], **own, **more)]


def part(kind: str, after: float, before: float = 0.1, **more: Any) -> Any:
    """Return a scheduler that found one rate when it was made, and left another."""
    return sched(kind, rates=[after], before=[before], **more)


def warm_up(total_iters: int = 10) -> Any:
    """Return a LinearLR that begins at 0.01."""
    return part(
        "LinearLR", 0.01, total_iters=total_iters, start_factor=0.1, end_factor=1.0
    )


def composed(inner: Any, *others: Any, begins: float = 0.01) -> list[Any]:
    """Return a sequence whose first part is made of others itself."""
    outer = {"rates": [begins], **STEPWISE}
    return [
        *others,
        inner,
        sched("ExponentialLR", gamma=0.9),
        sched(
            "SequentialLR",
            milestones=[50],
            children=range(len(others), len(others) + 2),
            **outer,
        ),
    ]


def stairs(gamma: float = 0.1) -> Any:
    """Return a StepLR that is stepped for each update."""
    attributes = {"base_lrs": [0.1]}
    given = {"step_size": 30, "gamma": gamma, "last_epoch": -1}
    return one("StepLR", attributes=attributes, before=[0.1], **given, **STEPWISE)


def drops(*at: int):
    return lambda call: 0.1 * 0.1 ** sum(call >= each for each in at)


def warmed(call: int) -> float:
    """Return a warm-up of 10 updates from 0.01, then one rate."""
    return 0.1 * min(1, 0.1 + 0.09 * call)


COSINE = "CosineAnnealingLR"
NOTHING_UPDATED: dict[str, Story] = {
    "nothing updated": {"scaled": True, "skips": lambda _: True}
}


CAPTURED = {"event": "step_captured", "optimizer": 0, "where": ["train.py", 2]}


def keeping(**told):
    """Return an event: a graph was replayed with a rate that its group lost."""
    event = {"event": "graph_keeps_rate", "optimizer": 0, "group": 0}
    return {**event, "kept": 0.1, "wanted": 0.2, "where": ["train.py", 3], **told}


FIRES: dict[str, dict[str, Story]] = {
    "plateau-missing-metric": {
        "no argument": {"scheds": one("ReduceLROnPlateau", patience=3, **BY_PASS)},
    },
    "plateau-wrong-mode": {
        "an accuracy under min": {"scheds": plateau(settling), "lr": drops(100, 200, 300), **LONG},
        "a loss under max": {"scheds": plateau(falling, mode="max"), "lr": drops(100, 200), **LONG},
    },
    "plateau-per-batch": {
        "noise": {
            "scheds": one("ReduceLROnPlateau", patience=3, metric=lambda c: 0.5 + c * 7 % 11, **STEPWISE),
            "lr": drops(30, 60),
        },
    },
    "plateau-negative-metric": {"flat": {"scheds": plateau(lambda _: -1.0), **LONG}},
    "plateau-never-fires-other": {
        "below eps": {"scheds": plateau(lambda _: 1.0), "lr": lambda _: 5e-9, **LONG},
        "above min_lr": {"scheds": plateau(lambda _: 1.0, min_lr=0.2), **LONG},
        "too patient": {
            "scheds": plateau(lambda c: 1.0 + c, patience=50),
            **LONG,
        },
    },
    "plateau-stale-or-missing-monitor": {
        "every second pass": {"scheds": plateau(lambda c: 1 / (1 + c // 40), patience=9), **LONG},
    },
    "lr-differs-across-ranks": {
        "one falls earlier": {"lr": drops(60), "ranks": [drops(50)], "events": [DDP]},
        "one of three by its own metric": {
            "scheds": plateau(falling),
            "ranks": [lambda _: 0.1, drops(80)],
            "events": [FSDP],
        },
    },
    "sequential-init-wrong-lr": {
        "the second one's rate": {
            "scheds": sequence(warm_up(), part(COSINE, 0.01, 0.01, T_max=90), begins=0.1),
            "lr": lambda c: 0.1 if c == 0 else warmed(c),
            **OLD,
        },
    },
    "sequential-milestone-zero": {
        "scaled for nothing": {
            "scheds": sequence(warm_up(), sched(T_max=100), at=0, begins=0.01),
            "lr": cosine(100, peak=0.01),
        },
    },
    "nested-composite-advances": {
        "a sequence": {
            "scheds": composed(sched("SequentialLR", milestones=[10], children=[0, 1]), warm_up(), sched("ConstantLR", factor=1.0)),
            "lr": warmed,
        },
        "a later part": {
            "scheds": [
                warm_up(), sched(T_max=20), sched("StepLR", step_size=20),
                sched("SequentialLR", milestones=[20], children=[1, 2]),
                sched("SequentialLR", milestones=[60], children=[0, 3], **STEPWISE),
            ],
            "updates": 60,
            "raised": {"type": "NotImplementedError", "message": ""},
        },
    },
    "tensor-lr-aliasing": {
        "a base that moves": {"scheds": stairs(), "lr": lambda c: 0.1 * 0.9 ** (c // 30), "tensor_lr": True, **OLD},
    },
    "get_lr-used-for-reading": {
        "each update": {"scheds": one("StepLR", step_size=50, asked=True, **STEPWISE)},
        "before a cosine": {"scheds": one(T_max=100, asked=True, **STEPWISE)},
    },
    "momentum-cycled-with-lr": {
        "one cycle": {
            "scheds": one("OneCycleLR", total_steps=100, **STEPWISE),
            "momentum": lambda c: 0.95 - 0.1 * c / 100,
        },
    },
    "logged-lr-is-next-step": {
        "after the step": {
            "scheds": one(T_max=100, **STEPWISE),
            "lr": cosine(100),
            "source": script(after=f"print(scheduler.{SHOWN})"),
        },
    },
    "only-first-group-logged": {
        "of two": {
            "scheds": one(T_max=100, **STEPWISE),
            "lr": lambda c: (cosine(100)(c), cosine(100, peak=0.01)(c)),
            "source": script(f"print(scheduler.{SHOWN})"),
        },
    },
    "zero-length-warmup-sticks": {
        "linear": {"scheds": one("LinearLR", total_iters=0, start_factor=0.3, end_factor=1.0, **STEPWISE)},
    },
    "step-with-epoch-argument": {
        "the last epoch": {"scheds": one("StepLR", step_size=3, metric=lambda c: c // 20 - 1, **BY_PASS)},
        "a loss": {"scheds": one("StepLR", step_size=3, metric=falling, **BY_PASS)},
    },
    "get_last_lr-missing": {
        "a class of one's own": {
            "raised": {"type": "AttributeError", "message": "'Poly' object has no attribute 'get_last_lr'"},
        },
    },
    "hand-written-poly-inert-or-negative": {
        "through 0": {"lr": lambda c: 0.1 * (1 - c / 80), "by_hand": True},
        "inert": {"scheds": one("Poly", module="__main__", max_iters=100, **STEPWISE)},
    },
    "gamma-zero-typo": {
        "step decay": {
            "scheds": one("StepLR", step_size=2, gamma=0, **BY_PASS),
            "lr": lambda c: 0.1 if c < 40 else 0.0,
        },
    },
    "unpicklable-or-unsaved-lambda": {
        "a lambda": {
            "scheds": one("LambdaLR", lr_lambda=[{"callable": "__main__.main.<locals>.<lambda>"}], **STEPWISE),
            "raised": {"type": "AttributeError", "message": "Can't get local object 'main.<locals>.<lambda>'"},
        },
    },
    "plotting-helper-advances-real-state": {
        "the whole length": {"scheds": one(T_max=30, start=30)},
    },
    "cuda-graph-bakes-lr": {
        "a float": {"events": [CAPTURED, keeping(kept=0.1, wanted=0.05)]},
        "a tensor that was replaced": {"events": [CAPTURED, keeping(kept=None, wanted=None)]},
    },
    "lr-decays-too-fast": {
        "inverse time": {"lr": lambda c: 0.1 / (1 + 2 * c), "by_hand": True, **LONG},
        "exponential": {"lr": lambda c: 0.1 * 0.93**c, "by_hand": True, **LONG},
    },
    "lr-not-finite-or-negative": {
        "a jump": {"lr": lambda c: -0.1 if c > 50 else 0.1, "by_hand": True},
        "infinite": {"lr": lambda c: float("inf") if c > 90 else 0.1, "by_hand": True},
        "no number": {"lr": lambda c: float("nan") if c > 90 else 0.1, "by_hand": True},
    },
}  # fmt: skip

QUIET: dict[str, dict[str, Story]] = {
    "plateau-missing-metric": {"a metric": {"scheds": plateau(falling)}},
    "plateau-wrong-mode": {
        "a loss": {"scheds": plateau(falling), **LONG},
        "a loss that rises after a while": {
            "scheds": plateau(lambda c: abs(c - 60) / 400 + 0.1),
            "lr": drops(160, 240, 320),
            **LONG,
        },
        "a loss of an overfitted model": {
            "scheds": plateau(lambda c: 1.3 - 0.6 * 0.98**c),
            "lr": drops(100, 200, 300),
            **LONG,
        },
        "an accuracy under max": {"scheds": plateau(settling, mode="max"), **LONG},
    },
    "plateau-per-batch": {
        "each pass": {"scheds": plateau(lambda c: 0.5 + c * 7 % 11), **LONG},
        "a patience in batches": {
            "scheds": one("ReduceLROnPlateau", patience=30, metric=lambda c: c * 7 % 11, **STEPWISE),
        },
    },
    "plateau-negative-metric": {
        "it improves": {"scheds": plateau(lambda c: -float(c)), **LONG},
    },
    "plateau-never-fires-other": {
        "it improves": {"scheds": plateau(falling), **LONG},
        "it cuts": {"scheds": plateau(lambda _: 1.0), "lr": drops(100, 200, 300), **LONG},
    },
    "plateau-stale-or-missing-monitor": {
        "ties by chance": {
            "scheds": plateau(lambda c: [3, 3, 2, 1, 1, 1, 2, 0, 0, 4][c // 20 % 10] / 9, patience=30),
            **LONG,
        },
    },
    "lr-differs-across-ranks": {
        "nearly the same": {"ranks": [lambda c: 0.1 * (1 + 1e-6 * (c > 50))], "events": [DDP]},
        "a model of its own": {"ranks": [lambda _: 0.3]},
        "rates of their own from the start": {"ranks": [lambda _: 0.3], "events": [DDP]},
    },
    "sequential-init-wrong-lr": {
        "the first one's rate": {
            "scheds": sequence(warm_up(), part(COSINE, 0.01, 0.01, T_max=90), begins=0.01),
            "lr": warmed,
            **OLD,
        },
    },
    "sequential-milestone-zero": {
        "not scaled": {
            "scheds": sequence(warm_up(), sched(T_max=100), at=0, begins=0.1),
            "lr": cosine(100),
        },
    },
    "nested-composite-advances": {
        "a chain that begins as it should": {
            "scheds": composed(
                sched("ChainedScheduler", children=[0], rates=[0.01]), warm_up(50), begins=0.01
            ),
            "lr": lambda c: 0.1 * min(1, 0.1 + 0.9 * c / 50) * 0.9 ** max(0, c - 50),
        },
        "a later part that was not come to": {
            "scheds": [
                warm_up(), sched(T_max=20), sched("StepLR", step_size=20),
                sched("SequentialLR", milestones=[20], children=[1, 2]),
                sched("SequentialLR", milestones=[120], children=[0, 3], **STEPWISE),
            ],
            "lr": warmed,
        },
    },
    "tensor-lr-aliasing": {
        "as it says": {"scheds": stairs(), "lr": drops(30, 60, 90), "tensor_lr": True, **OLD},
        "as float32 says": {
            "scheds": stairs(),
            "lr": lambda c: drops(30, 60, 90)(c) * (1 + 1e-7),
            "tensor_lr": True,
            **OLD,
        },
    },
    "get_lr-used-for-reading": {
        "nobody asks": {"scheds": one("StepLR", step_size=50, **STEPWISE)},
        "a closed form": {"scheds": one("LambdaLR", asked=True, **STEPWISE)},
    },
    "momentum-cycled-with-lr": {
        "it stays": {"scheds": one("OneCycleLR", total_steps=100, **STEPWISE), "momentum": lambda _: 0.9},
        "nothing to cycle": {"scheds": one("OneCycleLR", total_steps=100, **STEPWISE)},
    },
    "logged-lr-is-next-step": {
        "before the step": {
            "scheds": one(T_max=100, **STEPWISE),
            "lr": cosine(100),
            "source": script(f"print(scheduler.{SHOWN})"),
        },
        "after the next update": {
            "scheds": one(T_max=100, **STEPWISE),
            "lr": cosine(100),
            "source": script(after=f"optimizer.step(); print(scheduler.{SHOWN})"),
        },
        "a rate that stays": {
            "scheds": one("StepLR", step_size=200, **STEPWISE),
            "source": script(after=f"print(scheduler.{SHOWN})"),
        },
    },
    "only-first-group-logged": {
        "two alike": {
            "scheds": one(T_max=100, **STEPWISE),
            "lr": lambda c: (cosine(100)(c), cosine(100)(c)),
            "source": script(f"print(scheduler.{SHOWN})"),
        },
        "both": {
            "scheds": one(T_max=100, **STEPWISE),
            "lr": lambda c: (cosine(100)(c), cosine(100, peak=0.01)(c)),
            "source": script("print([g['lr'] for g in optimizer.param_groups])"),
        },
    },
    "zero-length-warmup-sticks": {
        "a length": {"scheds": one("LinearLR", total_iters=5, start_factor=0.3, end_factor=1.0, **STEPWISE)},
        "a factor of 1": {"scheds": one("ConstantLR", total_iters=0, factor=1.0, **STEPWISE)},
    },
    "step-with-epoch-argument": {
        "the epoch to come": {"scheds": one("StepLR", step_size=3, metric=lambda c: c // 20, **BY_PASS)},
    },
    "get_last_lr-missing": {
        "another error": {"raised": {"type": "AttributeError", "message": "'Poly' object has no attribute 'x'"}},
    },
    "hand-written-poly-inert-or-negative": {
        "to 0": {"lr": lambda c: 0.1 * (1 - c / 100), "by_hand": True},
        "constant on purpose": {"scheds": one("ConstantWithWarmup", module="__main__", max_iters=100, **STEPWISE)},
    },
    "gamma-zero-typo": {
        "off": {"scheds": one("StepLR", step_size=2, gamma=1, **BY_PASS)},
        "before the first decay": {"scheds": one("StepLR", step_size=9, gamma=0, **BY_PASS)},
    },
    "unpicklable-or-unsaved-lambda": {
        "another function": {
            "scheds": one("LambdaLR", lr_lambda=[{"callable": "__main__.decay"}], **STEPWISE),
            "raised": {"type": "AttributeError", "message": "Can't get local object 'main.<locals>.collate'"},
        },
    },
    "plotting-helper-advances-real-state": {
        "brought to where it was": {"scheds": one(T_max=150, start=50, **STEPWISE), "source": LEAVING},
    },
    "cuda-graph-bakes-lr": {"a tensor that is written to": {"events": [CAPTURED]}},
    "lr-decays-too-fast": {
        "cosine": {"lr": cosine(400), "by_hand": True, **LONG},
        "two stages": {"lr": lambda c: 0.1 if c < 15 else 1e-5, "by_hand": True, **LONG},
        "milestones": {"lr": drops(200, 300, 350), "by_hand": True, **LONG},
        "two orders in all": {"lr": lambda c: 0.1 * 0.9885**c, "by_hand": True, **LONG},
    },
    "lr-not-finite-or-negative": {"0": {"lr": lambda c: 0.1 * (c < 95), "by_hand": True}},
}  # fmt: skip

CANNOT: dict[str, dict[str, Story]] = {
    **{
        name: NO_SCHEDULER
        for name in FIRES
        if name not in {
            "get_last_lr-missing",
            "hand-written-poly-inert-or-negative",
            "lr-decays-too-fast",
            "lr-not-finite-or-negative",
        }
    },
    "plateau-per-batch": {
        "one loop, no loader": {
            "scheds": [sched("ReduceLROnPlateau", patience=3, metric=falling, **STEPWISE)],
            "source": ONE_LOOP,
            "silent": True,
        },
    },
    "lr-differs-across-ranks": {"one process": {}},
    "get_last_lr-missing": {"it still runs": {"ended": False}},
    "lr-decays-too-fast": {"a short trial": {"updates": 40}},
    "hand-written-poly-inert-or-negative": NOTHING_UPDATED,
    "lr-not-finite-or-negative": NOTHING_UPDATED,
    "optimizer-computes-its-own-lr": NOTHING_UPDATED,
    "sequential-init-wrong-lr": {
        **NO_SCHEDULER,
        "a torch that is right": {
            "scheds": sequence(warm_up(), part(COSINE, 0.01, 0.01, T_max=90), begins=0.1),
            "torch": "2.13.0",
        },
        "parts in another order": {
            "scheds": [
                part(COSINE, 0.1, T_max=90),
                warm_up(),
                sched("SequentialLR", milestones=[10], children=[1, 0], **STEPWISE),
            ],
            **OLD,
        },
    },
    "sequential-milestone-zero": {
        **NO_SCHEDULER,
        "a milestone": {"scheds": sequence(warm_up(), sched(T_max=100), begins=0.01)},
    },
    "nested-composite-advances": {
        **NO_SCHEDULER,
        "a later torch": {
            "scheds": composed(sched("SequentialLR", milestones=[10], children=[0, 1]), warm_up(), sched("ConstantLR", factor=1.0)),
            "torch": "2.14.0",
        },
        "flat": {"scheds": sequence(warm_up(), sched(T_max=100), begins=0.01)},
    },
    "tensor-lr-aliasing": {
        **NO_SCHEDULER,
        "a float": {"scheds": stairs(), **OLD},
        "a torch that is right": {"scheds": stairs(), "tensor_lr": True, "torch": "2.13.0"},
    },
    "get_lr-used-for-reading": {
        **NO_SCHEDULER,
        "a class of one's own": {"scheds": one("Own", module="mine", **STEPWISE)},
    },
    "momentum-cycled-with-lr": {**NO_SCHEDULER, "another": {"scheds": stairs()}},
    "logged-lr-is-next-step": {
        **NO_SCHEDULER,
        "nothing shown": {"scheds": stairs()},
    },
    "only-first-group-logged": {
        **NO_SCHEDULER,
        "one group": {"scheds": stairs(), "source": script(f"print(scheduler.{SHOWN})")},
    },
}  # fmt: skip
