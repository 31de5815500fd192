"""Every control, and its way back from plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.errors import ScheduleError
from lrscope.schedules.control.greedy import greedy
from lrscope.schedules.control.plateau import plateau

if TYPE_CHECKING:
    from lrscope.schedules.control.control import Control

CONTROLS: tuple[type[Control], ...] = (plateau, greedy)
"""Every control."""


def from_plain(data: Any) -> Control:
    """Return the control that plain data describes.

    Raises:
        ScheduleError: If there is no control of this kind or with these arguments.

    >>> from lrscope.schedules.control.catalogue import from_plain, plateau
    >>> from_plain(plateau(patience=3).to_plain())
    plateau(patience=3)
    """
    kinds = {each.__name__: each for each in CONTROLS}
    kind = kinds.get(str(data.get("kind"))) if isinstance(data, dict) else None
    if kind is None:
        msg = f"a control needs a kind ({', '.join(kinds)}), got {data!r}"
        raise ScheduleError(msg)
    try:
        return kind(**{key: each for key, each in data.items() if key != "kind"})
    except TypeError as error:
        msg = f"{data['kind']} cannot be made of {data!r}"
        raise ScheduleError(msg) from error
