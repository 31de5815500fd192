"""Errors: everything that lrscope raises on purpose.

LrscopeError
├── UsageError          the call or the command line cannot be carried out
│   └── ScheduleError   a schedule cannot be built, read or asked this
└── RecordingError      a recording cannot be read
    ├── NotARun         there is no recording at this place
    ├── NewerFormat     written by a newer lrscope than this one
    └── DamagedRecording  its bytes are not what was written
"""

from __future__ import annotations


class LrscopeError(Exception):
    """Base of every error that lrscope raises on purpose."""


class UsageError(LrscopeError):
    """The call or the command line cannot be carried out as given."""


class ScheduleError(UsageError, ValueError):
    """A schedule cannot be built, read or asked this."""


class RecordingError(LrscopeError):
    """A recording cannot be read."""


class NotARun(RecordingError):
    """There is no recording at the place that was named."""


class NewerFormat(RecordingError):
    """The recording was written by a newer lrscope."""


class DamagedRecording(RecordingError):
    """The bytes of the recording are not the bytes that were written."""
