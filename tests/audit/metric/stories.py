"""Runs with metrics, traps and strange values: mistakes, look-alikes, neither."""

from __future__ import annotations

from typing import Any

from audit.building import LEAVING
from audit.stories import BY_PASS, NO_SCHEDULER, STEPWISE, Story, cosine, one, sched

LONG: Story = {"updates": 400}
ONE_LOOP = "for epoch in range(9):\n    train()\n"


def plateau(metric: Any, **more: Any) -> list[Any]:
    how = {"patience": 3, "mode": "min", "factor": 0.1, **(more or {})}
    return one("ReduceLROnPlateau", metric=metric, **BY_PASS, **how)


def settling(call: int) -> float:
    return 0.9 - 0.7 * 0.8 ** (call / 20)


def falling(call: int) -> float:
    return 1 / (1 + call)


def drops(*at: int):
    return lambda call: 0.1 * 0.1 ** sum(call >= each for each in at)


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
    "sequential-init-wrong-lr": NO_SCHEDULER,
    "sequential-milestone-zero": NO_SCHEDULER,
    "nested-composite-advances": NO_SCHEDULER,
    "tensor-lr-aliasing": NO_SCHEDULER,
    "get_lr-used-for-reading": NO_SCHEDULER,
    "momentum-cycled-with-lr": NO_SCHEDULER,
    "logged-lr-is-next-step": NO_SCHEDULER,
    "only-first-group-logged": NO_SCHEDULER,
}  # fmt: skip
