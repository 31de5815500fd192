"""Launch: runs a command as a shell would, with the bootstrap in its environment."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

TYPE_CHECKING = False  # the command waits for what is imported here
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import NoReturn

BOOTSTRAP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bootstrap")
UNTOLD = ".untold"
"""How a note is called that a user has not read yet."""
NOT_FOUND = 127
NOT_EXECUTABLE = 126
_FROM_KERNEL = 128  # si_code SI_KERNEL: the terminal sent it to the child as well
_IGNORED = ("SIGPIPE", "SIGXFSZ")  # by Python, which no command expects
_PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


def _nothing() -> None:
    return


def resolve(command: Sequence[str]) -> list[str]:
    """Return the command that a shorthand stands for.

    ``train.py …`` and ``-m pkg.mod …`` are run by this Python. A program that is
    not on PATH is looked for beside this Python, where ``torchrun`` lies when lrscope
    is called from an environment that is not activated.
    """
    first = command[0]
    if first == "-m" or first.endswith(".py"):
        return [sys.executable, *command]
    if os.sep not in first and not any(
        _runs(each, first) for each in os.get_exec_path()
    ):
        beside = os.path.dirname(sys.executable)
        if _runs(beside, first):
            return [os.path.join(beside, first), *command[1:]]
    return list(command)


def _runs(directory: str, name: str) -> bool:
    program = os.path.join(directory, name)
    return os.access(program, os.X_OK) and not os.path.isdir(program)


def environment(
    run: str,
    segment: int,
    notes: str,
    *,
    every: str | None = None,
    effective: str | None = None,
) -> dict[str, str]:
    """Return this environment with the bootstrap in front of PYTHONPATH.

    Args:
        run: directory of the run.
        segment: number of the segment.
        notes: directory in which a recorder that had to stop leaves a file.
        every: when to print rates, if at all.
        effective: how to measure what steps really move, if at all.
    """
    variables = {name: each for name, each in os.environ.items() if name}
    paths = [BOOTSTRAP, variables.get("PYTHONPATH", "")]
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    variables["LRSCOPE_RUN"] = os.path.realpath(run)
    variables["LRSCOPE_SEGMENT"] = str(segment)
    variables["LRSCOPE_NOTES"] = notes
    asked = {"LRSCOPE_PRINT": every, "LRSCOPE_EFFECTIVE": effective}
    for name, value in asked.items():
        variables.pop(name, None)
        if value is not None:
            variables[name] = value
    return variables


def launch(
    command: Sequence[str],
    variables: Mapping[str, str],
    meanwhile: Callable[[], None] = _nothing,
) -> int:
    """Run a command to its end and return its exit code, negative for a signal.

    Signals that this process is sent are passed on; those from the terminal reach
    the command by themselves.

    Args:
        command: program and arguments.
        variables: its environment.
        meanwhile: called once when the command has started.

    Raises:
        OSError: the command cannot be started.
    """
    if not (hasattr(signal, "sigwaitinfo") and hasattr(os, "posix_spawnp")):
        return _launch_simply(command, variables, meanwhile)
    passed_on = {getattr(signal, name) for name in _PASSED_ON}
    waited_for = passed_on | {signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, waited_for)
    ends = signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # who ignores it cannot wait
    ignored = {getattr(signal, name) for name in _IGNORED if hasattr(signal, name)}
    try:
        child = os.posix_spawnp(
            command[0], tuple(command), variables, setsigmask=before, setsigdef=ignored
        )
        meanwhile()
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            info = signal.sigwaitinfo(waited_for)
            if info.si_signo in passed_on and info.si_code != _FROM_KERNEL:
                with contextlib.suppress(PermissionError):  # sudo: as for a shell
                    os.kill(child, info.si_signo)
    finally:
        signal.signal(signal.SIGCHLD, ends or signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _launch_simply(
    command: Sequence[str],
    variables: Mapping[str, str],
    meanwhile: Callable[[], None],
) -> int:
    """Do the same where signals cannot be waited for (macOS)."""
    import subprocess

    child = subprocess.Popen(command, env=dict(variables))  # noqa: S603 - it is the job
    handlers = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        signal.SIGTERM: signal.signal(
            signal.SIGTERM, lambda number, _: child.send_signal(number)
        ),
    }
    try:
        meanwhile()
        return child.wait()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def end_like(exit_code: int) -> NoReturn:
    """End this process as the command ended, by the same signal if by a signal."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    if exit_code >= 0:
        os._exit(exit_code)  # taking apart what was loaded takes 20 ms
    number = -exit_code
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # one core file is enough
        signal.signal(number, signal.SIG_DFL)
    except (ImportError, OSError, ValueError):
        pass  # SIGKILL has no handler
    os.kill(os.getpid(), number)
    sys.exit(128 + number)
