"""Listeners: who hears of a driver's plan, so that neither has to know the other.

A driver calls `announce`; a recorder that is at work has put itself in `plans`.
Needs nothing but the standard library.
"""

from __future__ import annotations

from typing import Any, Callable
from weakref import WeakKeyDictionary

Listener = Callable[[Any, "dict[str, Any]", "tuple[str, int] | None"], None]
"""Takes an optimizer, what it will follow, and the file and line that said so."""

plans: list[Listener] = []
"""Called in turn for every plan; none of them raises."""

announced: WeakKeyDictionary[Any, tuple[dict[str, Any], tuple[str, int] | None]]
announced = WeakKeyDictionary()
"""The latest plan of every driven optimizer and where it was made, for those who
begin to listen later."""


def announce(
    optimizer: Any, plan: dict[str, Any], where: tuple[str, int] | None
) -> None:
    """Tell every listener what an optimizer will follow.

    Args:
        optimizer: The optimizer.
        plan: Plain data: ``{"step": next step, "keys": {"lr": [{"group": index,
            "name": …, "base": …, "schedule": JSON form, "text": text form}, …]}}``;
            ``"control"`` in words, where a metric has a say in the rates.
        where: File and line of the user's code that made the driver.
    """
    announced[optimizer] = plan, where
    for listener in tuple(plans):
        listener(optimizer, plan, where)
