"""Header: where, by what and by which versions a process is run."""

from __future__ import annotations

import os
import platform
import socket
import sys
import time
from typing import Any

from lrscope import __version__
from lrscope.recording.command import without_secrets
from lrscope.recording.gone import pid_space


def describe_process(segment: int) -> dict[str, Any]:
    """Return the header: where and by what this process is run; no environment."""
    return {
        "lrscope": __version__,
        "python": platform.python_version(),
        "torch": _version_of("torch"),
        "numpy": _version_of("numpy"),
        "platform": _system(),
        "host": socket.gethostname(),
        "command": without_secrets(_command()),
        "script": sys.argv[0] if sys.argv else "",
        "directory": os.getcwd(),
        "pid": os.getpid(),
        "pid_space": pid_space(),
        "parent": os.getppid(),
        "segment": segment,
        "started": time.time(),
        **_place_in_job(),
    }


def file_name(head: dict[str, Any]) -> str:
    """Return what the files of a process are called, without an ending."""
    rank = "" if head["rank"] is None else f"rank{head['rank']}-"
    return f"segment{head['segment']:03d}-{rank}pid{head['pid']}"


def _command() -> list[str]:
    """Return how this process was started; one of multiprocessing like its parent."""
    words = getattr(sys, "orig_argv", sys.argv)
    if any(each.startswith("from multiprocessing.") for each in words[:8]):
        return [*words[:1], *sys.argv]
    return list(words)


def _system() -> str:
    """Return system and machine; ``platform.platform()`` starts a process to ask it."""
    if not hasattr(os, "uname"):
        return sys.platform
    found = os.uname()
    return f"{found.sysname}-{found.release}-{found.machine}"


def _place_in_job() -> dict[str, int | None]:
    distributed = sys.modules.get("torch.distributed")
    rank, world = _number("RANK"), _number("WORLD_SIZE")
    try:
        if (
            distributed is not None
            and distributed.is_available()
            and distributed.is_initialized()
        ):
            rank, world = distributed.get_rank(), distributed.get_world_size()
    except Exception:  # noqa: BLE001, S110 - then the environment has to do
        pass
    local = _number("LOCAL_RANK")
    return {
        "rank": local if rank is None else rank,
        "local_rank": local,
        "world_size": world,
    }


def _number(variable: str) -> int | None:
    text = os.environ.get(variable, "")
    return int(text) if text.isdigit() else None


def _version_of(package: str) -> str | None:
    version = getattr(sys.modules.get(package), "__version__", None)
    return None if version is None else str(version)
