"""Ending: what is told of why a recording or a process ended."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.launch import UNTOLD
from lrscope.capture.plain import plain
from lrscope.sites import is_users

if TYPE_CHECKING:
    from lrscope.capture.journal import Journal


def leave_note(reason: str, *, told: bool = True) -> None:
    """Tell the launcher why there may be no recording.

    Args:
        reason: in words.
        told: whether the user knows already.
    """
    try:
        name = f"{os.getpid()}{'' if told else UNTOLD}"
        place = os.path.join(os.environ["LRSCOPE_NOTES"], name)
        with open(place, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(reason)
    except (KeyError, OSError):
        pass


def note_unseen(journal: Journal) -> str | None:
    """Return, and note, how a process came close to training; None if it did not.

    It made an optimizer and called backward(), but took no step that could be seen,
    so there are no files.
    """
    if journal.is_open or "backward" not in map(journal.happened, journal.pending):
        return None
    made = [
        each
        for each in journal.introductions
        if each["event"] == "optimizer_constructed"
    ]
    if not made:
        return None
    name, where = made[0]["class_name"], made[0]["where"]
    line = f" ({os.path.basename(where[0])}:{where[1]})" if where else ""
    why = f"{name}{line} was made and backward() called, but optimizer.step() never. "
    why += "Call it after backward(), unless another library moves the weights"
    leave_note(why, told=False)
    return why


def lines_of(error: BaseException) -> list[str]:
    """Return the last lines of a traceback."""
    import traceback

    return traceback.format_exception(type(error), error, error.__traceback__)[-8:]


def told(error: BaseException | None) -> dict[str, Any] | None:
    """Describe what ended the process or the block."""
    if error is None:
        return None
    frames = _frames_of(error)
    where = [frames[-1].f_code.co_filename, frames[-1].f_lineno] if frames else []
    description = {
        "type": type(error).__name__,
        "message": str(error)[:300],
        "where": where,
    }
    refused = _refused(frames)
    return {**description, "refused": refused} if refused else description


def was_about_an_optimizer(error: BaseException | None) -> bool:
    """Say whether an exception came from the constructor of an optimizer."""
    return error is not None and _refused(_frames_of(error)) is not None


def _frames_of(error: BaseException) -> list[Any]:
    trace, frames = error.__traceback__, []
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    return frames


def _refused(frames: list[Any]) -> dict[str, Any] | None:
    """Describe the optimizer of torch whose constructor did not come to its end."""
    folder = os.path.join("torch", "optim") + os.sep
    for frame in reversed(frames):
        code = frame.f_code
        made = frame.f_locals.get("self")
        if (
            folder in code.co_filename
            and code.co_name == "__init__"
            and made is not None
        ):
            user = next(
                (f for f in reversed(frames) if is_users(f.f_code.co_filename)), frame
            )
            return {
                "class_name": type(made).__name__,
                "lr": plain(frame.f_locals.get("lr")),
                "where": [user.f_code.co_filename, user.f_lineno],
            }
    return None


def before_child_ends(stop: Callable[[], None]) -> list[Any]:
    """Call ``stop`` at the end of a child of multiprocessing, which skips atexit."""
    util = sys.modules.get("multiprocessing.util")
    return [] if util is None else [util.Finalize(None, stop, exitpriority=-100)]
