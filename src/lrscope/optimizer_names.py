"""Optimizer names: what the optimizers of a process are called."""

from __future__ import annotations

from collections import Counter
from itertools import count

TYPE_CHECKING = False  # importing typing takes longer than the line about a segment
if TYPE_CHECKING:
    from collections.abc import Sequence


def names_of(classes: Sequence[str]) -> list[str]:
    """Return a name for each optimizer by its class, none twice: "sgd", or "sgd0".

    Args:
        classes: their names, in order.
    """
    names = [each.lower() for each in classes]
    made = Counter(names)
    taken = {name for name in names if made[name] == 1}
    next_of = {name: count() for name in made}
    found = []
    for name in names:
        if made[name] > 1:
            numbered = (f"{name}{number}" for number in next_of[name])
            name = next(each for each in numbered if each not in taken)  # noqa: PLW2901
            taken.add(name)
        found.append(name)
    return found
