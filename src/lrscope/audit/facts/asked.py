"""Asked: the learning rate that a command asks for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

OPTION = re.compile(
    r"^-{0,2}(?!.*(?:min|final|end|last|warm|decay))[\w.-]*?"
    r"(?:^|[-_.])(?:lr|learning[-_]?rate)$",
    re.IGNORECASE,
)
"""Options that name a learning rate, such as ``--lr`` or ``optim.base_lr``."""


def rate_asked_for(command: Sequence[str]) -> float | None:
    """Return the rate that an option of a command gives; None if none does."""
    words = list(command)
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if not OPTION.match("-" + name.lstrip("-") if not equals else "-" + name):
            continue
        told = value if equals else (words[place + 1] if place + 1 < len(words) else "")
        try:
            return float(told)
        except ValueError:
            continue
    return None
