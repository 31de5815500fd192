"""Tale: what can be said of a training in a few words, before it is written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .gauging import Moved

PLAIN = "for epoch in range(9):\n    for batch in loader:\n        train(batch)\n"
LEAVING = PLAIN + "        if bored:\n            break\n"


def script(before: str = "pass", step: str = "", after: str = "pass") -> str:
    """Return a program that steps a scheduler on line 10, and makes it on line 2."""
    loops = ["for epoch in range(5):", "    for batch in loader(make()):"]
    inner = [*["train()"] * 6, before, f"scheduler.step(){step}", after]
    return "\n".join([*loops, *(f"        {each}" for each in inner)]) + "\n"


@dataclass(kw_only=True)
class Sched:
    """A scheduler, and how often it is stepped where.

    Steps may be taken at ``update``, ``batch``, ``each_pass``, ``start`` (before the
    first call), ``ahead`` (before each call), ``valid`` (in each validation) and
    ``pass_ahead``. ``rates`` and ``before`` are those of the groups after and before
    it was made; ``asked``: ``get_lr()`` is called after each update.
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
    calls: Callable[[int], bool] = lambda _: True
    optimizer: int = 0
    children: Sequence[int] = ()
    on_skip: bool = True
    asked: bool = False
    metric: Callable[[int], float] | None = None
    accelerate: bool = False
    module: str = "torch.optim.lr_scheduler"
    attributes: dict[str, Any] = field(default_factory=dict)
    rates: Sequence[float] | None = None
    before: Sequence[float] = ()


@dataclass(kw_only=True)
class Told:
    """What happens in a training.

    ``silent``: no DataLoader says where passes are; ``ahead``: it reads ahead, so that
    a pass ends before its last update. ``ranks``: the rates of further
    ranks, by update. ``events`` are told after the optimizers were made. ``measured``:
    what an update did to each group, None where that was not measured; ``elsewhere``:
    the same on further ranks, if it differs; ``drawn``: how they were drawn.
    """

    updates: int = 100
    lr: Callable[[int], Any] = lambda _: 0.1
    momentum: Callable[[int], float] | None = None
    tensor_lr: bool = False
    scheds: Sequence[Sched] = ()
    per_pass: int | None = 20
    batches: int = 1
    backward: int | None = None
    valid_every: int = 0
    skips: Callable[[int], bool] = lambda _: False
    scaled: bool = False
    world: int | None = None
    ranks: Sequence[Callable[[int], Any]] = ()
    events: Sequence[dict[str, Any]] = ()
    others: Sequence[dict[str, Any]] = ()
    other_until: int = 0
    torch: str | None = None
    command: Sequence[str] = ("python", "train.py")
    raised: dict[str, Any] | None = None
    ended: bool = True
    source: str = PLAIN
    by_hand: bool = False
    made: float | None = None
    silent: bool = False
    ahead: bool = False
    loss: Callable[[int], float] | None = None
    logged: dict[str, Callable[[int], float]] = field(default_factory=dict)
    measured: Sequence[Callable[[int], Moved | None]] = ()
    elsewhere: Sequence[Callable[[int], Moved | None]] = ()
    drawn: dict[str, Any] = field(default_factory=dict)
    left_out: Sequence[tuple[int, str, str]] = ()
