"""Shapes that nobody would choose, but that other libraries' schedulers have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.schedules.importers.quirks.cut_restarts import cut_restarts
from lrscope.schedules.importers.quirks.phases import phases
from lrscope.schedules.importers.quirks.replayed import replayed
from lrscope.schedules.importers.quirks.timm_cycles import timm_cycles

if TYPE_CHECKING:
    from lrscope.schedules.schedule import Schedule

QUIRKS: tuple[type[Schedule], ...] = (phases, cut_restarts, timm_cycles, replayed)
"""All of them; the text and JSON forms read them too."""
