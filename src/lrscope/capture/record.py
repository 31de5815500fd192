"""Record: records a block of a program or a notebook, without ``lrscope run``."""

from __future__ import annotations

import functools
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from lrscope.capture.active import active_recorder
from lrscope.capture.effective.wanted import wanted
from lrscope.capture.recorder import Recorder
from lrscope.errors import UsageError
from lrscope.recording import opening
from lrscope.sites import unseen

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import ParamSpec, Self, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")


class record:  # noqa: N801 - read as a verb: with record("runs/a"):
    """Record the learning rates of every optimizer step in a block or function.

    Optimizers and schedulers may exist before the block. Each time that the block
    is entered, the run gets a new segment. Inside a block that is recorded already
    (by ``lrscope run``, or another ``record``) it does nothing but warn.

    Args:
        directory: of the run; it may be new, empty, or an earlier run. By default a
            new one below ``lrscope-runs``.

        effective: measure how far the steps really move the weights: "" as usual, or
            what ``lrscope run --effective=`` takes, such as "every=100". None: not.

    Attributes:
        path: directory of the run, known once the block is entered.

    Raises:
        UsageError: ``effective`` cannot be read, or a function was given; on entering,
            if the directory cannot be used.

    Example:
        >>> with lrscope.record("runs/a"):  # doctest: +SKIP
        ...     train()
        >>> lrscope.read_run("runs/a").track("adamw/all").applied  # doctest: +SKIP
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        *,
        effective: str | None = None,
    ) -> None:
        """Remember where to record; nothing happens before the block is entered."""
        if callable(directory):
            msg = "record needs the directory of a run or nothing, got a function; "  # type: ignore[unreachable]
            msg += "as a decorator it is written @lrscope.record()"
            raise UsageError(msg)
        self._directory = directory
        self._effective = effective
        self._wanted = None if effective is None else wanted(effective)
        self._begun: list[tuple[Recorder, opening.Opened] | None] = []
        self.path: Path | None = None

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return ``function``, recorded each time that it is called."""

        def recorded(*args: P.args, **kwargs: P.kwargs) -> R:
            with record(self._directory, effective=self._effective):
                return function(*args, **kwargs)

        return functools.wraps(function)(unseen(recorded))

    def __enter__(self) -> Self:
        """Begin to record."""
        other = active_recorder()
        if other is not None:
            self.path = Path(other.directory)
            message = f"lrscope: already recording to {other.directory}; this block "
            message += "becomes part of that recording"
            warnings.warn(message, stacklevel=2)
            self._begun.append(None)
            return self
        import torch.optim  # noqa: F401 - the recorder hooks into it

        command = [*sys.argv] or ["python"]
        if self._directory is None:
            self.path = Path(opening.new_run(command))
        else:
            self.path = Path(opening.chosen_run(self._directory))
        segment = opening.begin_segment(self.path, command)
        recorder = Recorder(
            str(self.path.resolve()), segment.number, effective=self._wanted
        )
        recorder.start()
        self._begun.append((recorder, segment))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Seal the recording, however the block ended."""
        begun = self._begun.pop()
        if begun is None:
            return
        recorder, segment = begun
        recorder.stop(error)
        opening.end_segment(segment, 0 if kind is None else 1)
        if recorder.unseen is not None:
            seen = (
                "lrscope: warning: no optimizer step was seen, so nothing was recorded"
            )
            print(f"{seen}: {recorder.unseen}", file=sys.stderr)
