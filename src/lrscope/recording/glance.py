"""Glance: what a recording that ended in order says of itself, without NumPy.

Sealed rows tell how many of them updated and which rate the first and the last of
these applied. That is enough for one line. Whatever is not that simple (groups that
changed, a tail that is left, values from a device) is `lrscope.recording.run`'s.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections import Counter

from lrscope.errors import RecordingError
from lrscope.recording import log

TYPE_CHECKING = False  # importing typing takes longer than looking
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

_REGROUPED = {"group_added", "groups_changed"}


class UnclearError(Exception):
    """A glance does not tell."""


class Stepped:
    """What the sealed rows say of one optimizer.

    Attributes:
        updates: steps that updated parameters.
        skipped: steps that did not.
        first: row of the first update, and the rate of its first group.
        last: the same of the last update.
        groups: numbers of the groups.
    """

    def __init__(self, introduction: Json) -> None:
        """Take what the recording says when it meets an optimizer."""
        self.class_name: str = introduction["class_name"]
        self._names = {each["group"]: each["name"] for each in introduction["groups"]}
        self.updates = self.skipped = 0
        self.first = self.last = (-1, 0.0)
        self.groups: list[int] = []

    def add(self, groups: list[int], sealed: Json, first: int) -> None:
        """Add sealed rows of steps that are alike.

        Args:
            groups: whose rates they hold.
            sealed: what the chunk says of them.
            first: number of the chunk's first row.
        """
        if not sealed["updates"] or groups != (self.groups or groups):
            raise UnclearError
        updates, begin, end, opening, closing = sealed["updates"]
        if not self.groups or first + begin < self.first[0]:
            self.first = first + begin, opening
        self.last = max(self.last, (first + end, closing))
        self.groups = groups
        self.updates += updates
        self.skipped += sealed["rows"] - updates

    @property
    def group_name(self) -> str:
        """The name of the first group."""
        found = [self._names[each] for each in self.groups]
        shared = Counter(found)[found[0]] > 1
        return f"{found[0]}#{self.groups[0]}" if shared else found[0]


def glance(path: str) -> list[Stepped] | None:
    """Return the optimizers of a process in order of first step, or None if unclear.

    Args:
        path: of its log.
    """
    if os.path.exists(path.removesuffix(".lrs") + ".tail"):
        return None
    try:
        with open(path, "rb") as file:
            frames, problem = log.read_frames(file.read(), path)
        return None if problem else _stepped(frames)
    except (OSError, RecordingError, UnclearError, zlib.error, struct.error):
        return None
    except (ValueError, LookupError, TypeError):  # JSON, but not of our kind
        return None


def _stepped(frames: list[log.Frame]) -> list[Stepped]:
    if any(kind == log.ROWS for kind, _ in frames):
        raise UnclearError
    layouts = {str(each["layout"]): each for each in _all(frames, log.LAYOUT)}
    events = _all(frames, log.EVENT)
    happened = {each["event"] for each in events}
    if "process_ended" not in happened or happened & _REGROUPED:
        raise UnclearError
    stepped = {
        each["optimizer"]: Stepped(each)
        for each in events
        if each["event"] == "optimizer_constructed"
    }
    end = 0
    for kind, payload in frames:
        if kind != log.COLUMNS:
            continue
        chunk = _contents(payload)
        if chunk["first"] != end:
            raise UnclearError
        end += chunk["rows"]
        for number, sealed in chunk["layouts"].items():
            layout = layouts[number]
            if layout.get("holds") == "step":
                groups = [each for each, key in layout["columns"] if key == "lr"]
                stepped[layout["optimizer"]].add(groups, sealed, chunk["first"])
    if max(each.get("row", 0) for each in events) > end:
        raise UnclearError
    return _in_order([each for each in stepped.values() if each.updates])


def _all(frames: list[log.Frame], wanted: bytes) -> list[Json]:
    return [json.loads(payload) for kind, payload in frames if kind == wanted]


def _contents(payload: bytes) -> Json:
    """Return the table of contents of sealed rows (chunk.py)."""
    (length,) = struct.unpack_from("<I", payload)
    contents: Json = json.loads(zlib.decompress(payload[4 : 4 + length]))
    return contents


def _in_order(found: list[Stepped]) -> list[Stepped]:
    """Sort by first step, which is the first update only if none was skipped."""
    skipped = any(each.skipped for each in found) and len(found) > 1
    if (
        not found
        or skipped
        or any(each.groups != sorted(each.groups) for each in found)
    ):
        raise UnclearError
    return sorted(found, key=lambda each: each.first)
