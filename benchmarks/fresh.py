"""Fresh: runs a function of the benchmarks in a Python process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
_PROGRAM = """
import json, sys
from {module} import {name} as function
print(json.dumps(function(*json.loads(sys.argv[1]))))
"""


def fresh(function: Callable[..., Any], *args: Any, **variables: str) -> Any:
    """Return what ``function`` returns in a new process; all of it is plain data.

    Args:
        function: of a module of the benchmarks.
        args: what to call it with.
        variables: added to the environment.
    """
    program = _PROGRAM.format(module=function.__module__, name=function.__name__)
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(args)],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def lrscope() -> list[str]:
    """Return the command that a user types as ``lrscope``."""
    script = Path(sys.executable).parent / "lrscope"
    return [str(script)] if script.exists() else [sys.executable, "-m", "lrscope"]
