"""Contents: all that one process recorded, as it lies in its two files."""

from __future__ import annotations

import json
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from lrscope.errors import DamagedRecording
from lrscope.recording import log
from lrscope.recording.chunk import Chunk, RawChunk
from lrscope.recording.slots import intact, joined, table_of

if TYPE_CHECKING:
    from pathlib import Path

    from lrscope.recording.log import Frame

AnyChunk: TypeAlias = "Chunk | RawChunk"

ATTEMPTS = 5
"""Times to look again when a writer sealed rows while they were being read."""

MOMENT = 0.5
"""Seconds since the last write to a log in which its last frame may grow whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the files hold, checked but not yet interpreted.

    Attributes:
        head: what describes the process.
        layouts: what the values of a row mean, by layout number.
        items: what happens between rows, by item number.
        signatures: runs ``[[item, times], …]`` by signature number.
        events: rare events in order of writing.
        chunks: rows in order, without a gap.
        problem: what could not be read, in words; None if all could.
        live: whether there is a tail: the process runs, or was killed.
    """

    head: dict[str, Any]
    layouts: dict[int, dict[str, Any]]
    items: dict[int, dict[str, Any]]
    signatures: dict[int, list[list[int]]]
    events: list[dict[str, Any]]
    chunks: list[AnyChunk]
    problem: str | None
    live: bool


def read_contents(path: Path) -> Contents:
    """Read the log at ``path`` and the tail beside it.

    Raises:
        RecordingError: the log cannot be read at all.
    """
    for attempt in range(ATTEMPTS):
        frames, problem = _frames(path)
        if not frames or frames[0][0] != log.HEAD:
            msg = f"{path.name}: cut before its header was complete; nothing to read"
            raise DamagedRecording(msg)
        chunks, gap = _sealed(frames)
        problem = problem or gap
        tail = path.with_suffix(".tail")
        newest, sealed_meanwhile = _newest(tail, frames, _end(chunks))
        if not sealed_meanwhile or problem or attempt == ATTEMPTS - 1:
            break
    if newest is not None:
        chunks.append(newest)
    events = [_json(frame) for frame in frames if frame[0] == log.EVENT]
    if sealed_meanwhile and problem is None:
        problem = "rows between the log and the tail are missing"
    last = max((int(each.get("row", 0)) for each in events), default=0)
    if last > _end(chunks) and not tail.exists() and problem is None:
        problem = f"rows {_end(chunks)} to {last} are missing"
    return Contents(
        head=_json(frames[0]),
        layouts=_numbered(frames, log.LAYOUT, "layout"),
        items=_numbered(frames, log.ITEM, "item"),
        signatures={
            number: each["items"]
            for number, each in _numbered(frames, log.SIGNATURE, "signature").items()
        },
        events=events,
        chunks=chunks,
        problem=problem,
        live=tail.exists(),
    )


def _frames(path: Path) -> tuple[list[Frame], str | None]:
    """Return the intact frames of a log, and what is wrong with the next.

    A frame that is being written right now is waited for. Who wrote may be another
    machine: the time of the file tells, not whether a process is alive.
    """
    while True:
        data = path.read_bytes()
        frames, problem = log.read_frames(data, path.name)
        if problem is None or not problem.startswith(log.CUT) or not _is_fresh(path):
            return frames, problem
        time.sleep(0.02)


def _is_fresh(path: Path) -> bool:
    """Say whether a log was written to a moment ago, by a process that goes on."""
    age = time.time() - path.stat().st_mtime
    return 0 <= age < MOMENT and path.with_suffix(".tail").exists()


def _json(frame: Frame) -> dict[str, Any]:
    kind, payload = frame
    try:
        data = json.loads(payload)
    except ValueError as error:
        msg = f"a {kind.decode('ascii', 'replace')} frame is not JSON"
        raise DamagedRecording(msg) from error
    if not isinstance(data, dict):
        msg = f"a {kind.decode('ascii', 'replace')} frame holds no object"
        raise DamagedRecording(msg)
    return data


def _numbered(frames: list[Frame], kind: bytes, key: str) -> dict[int, dict[str, Any]]:
    found = (_json(frame) for frame in frames if frame[0] == kind)
    return {int(each[key]): each for each in found}


def _end(chunks: list[AnyChunk]) -> int:
    return chunks[-1].first + chunks[-1].rows if chunks else 0


def _sealed(frames: list[Frame]) -> tuple[list[AnyChunk], str | None]:
    """Return the chunks that follow each other, and what is wrong with the next."""
    chunks: list[AnyChunk] = []
    for kind, payload in frames:
        if kind == log.COLUMNS:
            chunk: AnyChunk = Chunk(payload)
        elif kind == log.ROWS:
            chunk = _unplaned(payload)
        else:
            continue
        if chunk.first != _end(chunks):
            return chunks, f"rows {_end(chunks)} to {chunk.first} are missing"
        chunks.append(chunk)
    return chunks, None


def _unplaned(payload: bytes) -> RawChunk:
    slot = int.from_bytes(payload[:4], "little")
    try:
        planes = np.frombuffer(zlib.decompress(payload[4:]), np.uint8)
        raw = planes.reshape(slot, -1).T.tobytes()
        return RawChunk(table_of(raw, slot))
    except (ValueError, IndexError, zlib.error) as error:
        msg = "sealed rows cannot be unpacked; the recording is damaged"
        raise DamagedRecording(msg) from error


def _newest(tail: Path, frames: list[Frame], end: int) -> tuple[RawChunk | None, bool]:
    """Return the rows in the tail from ``end`` on, and whether some were sealed.

    The second is true if the tail begins after ``end``: then the rows between were
    sealed after the log was read.
    """
    divisions = [_json(frame) for frame in frames if frame[0] == log.TAIL]
    if not divisions:
        return None, False
    slot, half = int(divisions[-1]["slot"]), int(divisions[-1]["half"])
    widths = {
        number: int(each["width"])
        for number, each in _numbered(frames, log.LAYOUT, "layout").items()
    }
    try:
        raw = tail.read_bytes()
    except OSError:
        return None, False
    known = list(_numbered(frames, log.SIGNATURE, "signature"))
    tables = []
    for start in (0, half):
        part = raw[start : start + half]
        table = intact(part, slot, widths, twice=divisions[-1]["twice"])
        # a row is written after its signature: without one, the log was cut
        strange = ~np.isin(table.signature, known) & (table.layout > 0)
        stop = int(strange.argmax()) if strange.any() else table.size
        tables.append(table.pick(slice(stop)))
    tables = [table for table in tables if table.size]
    tables.sort(key=lambda table: table.first)
    rows = []
    for table in tables:
        first = table.first
        if first <= end < first + table.size:
            rows.append(table.pick(slice(end - first, None)))
            end = first + table.size
    if rows:
        return RawChunk(joined(rows)), False
    later = any(table.first > end for table in tables)
    return None, later
