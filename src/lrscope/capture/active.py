"""Active: the recorders that are at work in this process."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrscope.capture.known import Known
    from lrscope.capture.recorder import Recorder

_started: list[weakref.ref[Recorder]] = []


def started(recorder: Recorder) -> None:
    """Remember a recorder; one that has stopped is not active any more."""
    _started[:] = [each for each in _started if each() is not None]
    _started.append(weakref.ref(recorder))


def active_recorder() -> Recorder | None:
    """Return the recorder that is at work in this process, if there is one."""
    for reference in _started:
        recorder = reference()
        if recorder is not None and recorder.is_recording:
            return recorder
    return None


def rates_of(optimizer: Any) -> list[Known] | None:
    """Return what is known of the rates of each group, if they are recorded."""
    recorder = active_recorder()
    return None if recorder is None else recorder.rates_of(optimizer)


def _after_fork_in_child() -> None:
    for reference in _started:
        recorder = reference()
        if recorder is not None:
            try:
                recorder.in_child()
            except Exception as error:  # noqa: BLE001 - the training must go on
                recorder.fail(error)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
