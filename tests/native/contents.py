"""All that a recording holds, but times: what must not depend on who wrote it."""

from __future__ import annotations

import numpy as np

import lrscope

HEAD = ("rank", "world_size", "segment", "command", "torch", "python")


def told(directory):
    """Return what the processes of a run recorded, in a form that compares."""
    return [_process(each) for each in lrscope.read_run(directory).processes]


def _process(process):
    contents = process._contents
    return {
        "head": {key: process.head.get(key) for key in HEAD},
        "problem": process.problem,
        "layouts": contents.layouts,
        "items": contents.items,
        "signatures": contents.signatures,
        "events": [_timeless(each) for each in contents.events],
        "row signatures": process.rows.signatures.tolist(),
        "row flags": process.rows.flags.tolist(),
        "values": {
            number: _values(process, number, layout)
            for number, layout in contents.layouts.items()
        },
        "tracks": {each.name: _track(each) for each in process.tracks},
        "history": [repr(_timeless(vars_of(each))) for each in process.events],
    }


def vars_of(event):
    """Return the fields of an event, its kind among them."""
    fields = getattr(event, "__dataclass_fields__", {})
    return {"kind": type(event), **{name: getattr(event, name) for name in fields}}


def _timeless(event):
    return {key: value for key, value in event.items() if key != "time"}


class Nearly:
    """Numbers that are equal if they differ by rounding alone."""

    def __init__(self, values):
        self._values = values

    def __eq__(self, other):
        size = np.nanmax(
            np.abs(self._values), initial=0.0, where=~np.isinf(self._values)
        )
        return np.allclose(
            self._values, other._values, rtol=1e-12, atol=1e-13 * size, equal_nan=True
        )

    __hash__ = None


def _values(process, number, layout):
    found = []
    is_measured = str(layout.get("holds")).startswith("measured")
    for index in range(len(layout.get("columns", ()))):
        rows, values = process.rows.column({number: index})
        told = Nearly(values) if is_measured else values.tobytes()
        found.append((rows.tolist(), told))
    return found


def _track(track):
    tried = track.attempted
    return {
        "attempted": (tried.steps.tolist(), tried.lr.tobytes()),
        "updated": tried.updated.tolist(),
        "applied": (track.steps.tolist(), track.applied.tobytes()),
        "changed by": repr(track.changed_by),
    }
