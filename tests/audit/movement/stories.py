"""What measured updates moved, and what the loss did while a rate fell."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random
from typing import Any

from audit.gauging import Moved
from audit.tale import Sched

Story = dict[str, Any]

STUCK = Moved(moved=0.0)
CUT_OFF = Moved(moved=0.0, gradient=0.0)
DECAYS = Moved(gradient=0.0, shrank=0.9, ratio=1e-6)
COASTS = Moved(gradient=0.0, ratio=1e-5)
FINE = Moved()


def always(moved: Moved | None):
    return lambda _: moved


def at(calls, moved: Moved, otherwise: Moved | None = None):
    return lambda call: moved if call in calls else otherwise


def measured(*groups: Any, rates: Any = None, **more: Any) -> Story:
    told = [each if callable(each) else always(each) for each in groups]
    lr = (lambda _: (0.1,) * len(groups)) if rates is None else rates
    return {"measured": told, "lr": lr, **more}


def bfloat16(**more: Any) -> Story:
    """A share of the weights moves, by the distance to their next number."""
    return measured(Moved(**more), drawn={"dtypes": ["bfloat16"]})


def sharded(here: Moved, elsewhere: Moved | None) -> Story:
    """A group of which each of two ranks holds a share."""
    own = measured(here, drawn={"copies": 1})
    ranks = {"world": 2, "ranks": [own["lr"]], "elsewhere": [always(elsewhere)]}
    return {**own, **ranks}


def growing(call: int) -> Moved:
    return Moved(length=0.01 * (1 + call), ratio=1 / (1 + call))


def decaying(call: int) -> Moved:
    return replace(DECAYS, length=10 * (1 - 0.9e-6) ** call)


def sometimes(call: int) -> Moved:
    return FINE if call in (0, 3, 6, 9) else COASTS


def settling(call: int) -> Moved:
    return Moved(length=0.1 * (1 + call), ratio=0.3 if call < 60 else 1e-3)


def decayed(call: int) -> Moved:
    return Moved(ratio=1e-2 * 0.9**call)


WARMING = {"lr": lambda call: 0.001 * call}
FAST = {"lr": lambda call: 0.1 * 0.9**call, "updates": 400, "by_hand": True}


def falling(span: float, least: float = 1.0, noise: float = 0.0):
    """Return a loss that falls from 3 to ``least`` in about ``span`` updates."""
    random = Random(7)
    return lambda c: (
        least + (3 - least) * math.exp(-c / span) + noise * random.gauss(0, 1)
    )


def stalling(noise: float = 0.0):
    """Return a loss that falls as long as the rate is there."""
    random = Random(7)
    return lambda c: 2 + 0.9 ** min(c, 40) + noise * random.gauss(0, 1)


def with_plateau(loss: Any) -> Story:
    given = {"mode": "min", "patience": 1000, "factor": 0.1}
    plateau = Sched(kind="ReduceLROnPlateau", given=given, each_pass=1, metric=loss)
    return {**FAST, "scheds": [plateau], "updates": 400}


FIRES: dict[str, dict[str, Story]] = {
    "group-does-not-move": {
        "rounded away": bfloat16(moved=0.0),
        "all but the smallest rounded away": bfloat16(moved=0.01, ratio=1e-5),
        "one of two groups": measured(FINE, STUCK),
        "gradients cleared before the step": measured(CUT_OFF, CUT_OFF),
        "gradients cleared, and weights decay": measured(decaying, decaying),
        "gradients cleared, and one group decays": measured(CUT_OFF, decaying),
        "a rate that begins at zero": {**measured(STUCK), **WARMING},
        "thawed, and stuck": measured(at(range(50), CUT_OFF, STUCK), FINE),
        "on both ranks": sharded(STUCK, STUCK),
        "in a sample": measured(STUCK, drawn={"measured": 100}),
    },
    "frozen-group-moves": {
        "a rate of zero": measured(FINE, FINE, rates=lambda _: (0.1, 0.0)),
        "at zero for half of the run": measured(
            FINE, FINE, rates=lambda call: (0.1, 0.1 * (call >= 50))
        ),
        "weight decay": measured(FINE, decaying),
        "weight decay in a sample": measured(FINE, decaying, drawn={"measured": 100}),
        "frozen in the middle, momentum": measured(FINE, at(range(50), FINE, COASTS)),
        "frozen in the middle, decay": measured(FINE, at(range(50), FINE, DECAYS)),
    },
    "update-to-weight-out-of-range": {
        "too much": measured(Moved(ratio=0.4)),
        "too little": measured(Moved(ratio=1e-7)),
        "one of two groups": measured(FINE, Moved(ratio=0.4)),
    },
    "lr-decays-too-fast": {
        "no loss": FAST,
        "a loss that stalls": {**FAST, "loss": stalling()},
        "a noisy loss that stalls": {**FAST, "loss": stalling(0.02)},
        "a loss too noisy to tell": {**FAST, "loss": falling(10, 2.5, 3.0)},
        "a loss of noise": {**FAST, "loss": falling(1, 3.0, 1.0)},
    },
}

QUIET: dict[str, dict[str, Story]] = {
    "group-does-not-move": {
        "it moves": measured(FINE, FINE),
        "a rate of zero": measured(FINE, STUCK, rates=lambda _: (0.1, 0.0)),
        "frozen on purpose": measured(FINE, CUT_OFF),
        "frozen, then thawed": measured(FINE, at(range(90), CUT_OFF, FINE)),
        "rows of an embedding": measured(Moved(gradient=0.01, moved=0.01)),
        "rounded stochastically": bfloat16(moved=0.01, ratio=1e-3),
        "fifteen of a hundred move": bfloat16(moved=0.15, ratio=1e-4),
        "every eighth update counts": measured(
            lambda call: Moved(moved=float(call % 8 == 7), length=10 + call / 100)
        ),
        "moved by something else": measured(
            lambda call: Moved(moved=0.0, gradient=0.0, length=10 + call / 100)
        ),
        "decaying, and moved at other updates": measured(
            lambda call: replace(DECAYS, length=10 + call % 7)
        ),
        "coasting without a gradient": measured(COASTS, COASTS),
        "decaying, others are not measured": measured(
            decaying, left_out=[(1, "rows", "sparse")]
        ),
        "warming up at every measured step": {
            **measured(at(range(5), STUCK)),
            **WARMING,
        },
        "what another rank holds moves": sharded(STUCK, FINE),
        "others are not measured": measured(CUT_OFF, left_out=[(1, "rows", "sparse")]),
    },
    "frozen-group-moves": {
        "it does not": measured(FINE, CUT_OFF, rates=lambda _: (0.1, 0.0)),
        "frozen for real": measured(FINE, at(range(50), FINE, CUT_OFF)),
        "a head for every tenth batch": measured(
            FINE, at(range(0, 100, 10), FINE, COASTS)
        ),
        "no gradient anywhere": measured(decaying, decaying),
        "gradients at other updates": measured(
            FINE, lambda call: replace(DECAYS, length=10 + call % 7)
        ),
        "an expert of three": measured(
            FINE, lambda call: sometimes(call) if call < 20 else None
        ),
        "two heads in turns": measured(
            FINE, at([*range(20), *range(40, 60)], FINE, COASTS)
        ),
        "used once": measured(FINE, at([0], FINE, COASTS)),
        "a loss of zero at the end": measured(
            at(range(50), FINE, COASTS), at(range(50), FINE, COASTS)
        ),
        "gradients that are elsewhere": measured(FINE, Moved(gradient=0.0, shrank=0.0)),
        "the last updates only": measured(FINE, at(range(95), FINE, COASTS)),
        "few updates of a sample": measured(
            at(range(32), FINE),
            lambda c: decaying(c) if c < 32 else None,
            drawn={"measured": 100},
        ),
    },
    "update-to-weight-out-of-range": {
        "usual": measured(FINE),
        "weights that begin at zero": measured(growing),
        "weights that grow": measured(settling),
        "converged": measured(decayed),
        "warming up": {**measured(lambda c: Moved(ratio=1e-5 * c / 20)), **WARMING},
    },
    "lr-decays-too-fast": {
        "the loss fell before": {**FAST, "loss": falling(2)},
        "the loss fell before, noisily": {**FAST, "loss": falling(2, 1, 0.01)},
        "the loss goes on falling": {**FAST, "loss": falling(200)},
        "the loss goes on falling, noisily": {**FAST, "loss": falling(200, 1, 0.2)},
        "a logged loss": {**FAST, "logged": {"train_loss": falling(200)}},
        "a metric that goes on falling": with_plateau(falling(200)),
        "slow": {"lr": lambda call: 0.1 * 0.99**call, "updates": 400},
    },
}

FEW = measured(at(range(3), STUCK))

CANNOT: dict[str, dict[str, Story]] = {
    "group-does-not-move": {
        "nothing measured": {},
        "three steps": FEW,
        "another rank was not measured": sharded(STUCK, None),
    },
    "frozen-group-moves": {"nothing measured": {}, "three steps": FEW},
    "update-to-weight-out-of-range": {"nothing measured": {}, "three steps": FEW},
    "lr-decays-too-fast": {
        "a short run": {"updates": 30},
    },
}
