"""``lrscope run``: run a command and record its learning rates."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

import click

from lrscope.capture import launch
from lrscope.errors import LrscopeError, UsageError
from lrscope.recording import place


@click.command(
    "run",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help=f"Directory of the run; an earlier run gets a new segment. "
    f"[default: {place.RUNS}/<UTC time>-<script>]",
)
@click.option(
    "--print",
    "every",
    metavar="step|epoch|N",
    help="Print the rates of every step, pass over the data, or N steps, to stderr.",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def command(output: Path | None, every: str | None, command: tuple[str, ...]) -> None:
    """Run COMMAND and record with which rate every parameter group is updated.

    COMMAND is what you would type without lrscope: python, torchrun, accelerate
    launch, a shell script. "train.py …" and "-m package.module …" are run by the
    Python that lrscope runs on.

    \b
        lrscope run python train.py --epochs 20
        lrscope run -o runs/a -- torchrun --nproc_per_node 2 train.py
    """  # noqa: D301 - click wants the backspace
    words = list(command)
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        msg = "run needs a command, got none; try: lrscope run python train.py"
        raise UsageError(msg)
    _check_every(every)
    existed = output is not None and output.exists()
    run = place.chosen_run(output) if output else place.new_run(words)
    segment = place.begin_segment(run, words)
    with tempfile.TemporaryDirectory(
        prefix="lrscope-", ignore_cleanup_errors=True
    ) as notes:
        variables = launch.environment(run, segment.number, every, notes)
        try:
            code = launch.launch(launch.resolve(words), variables, _get_ready)
        except OSError as error:
            place.drop_segment(segment, with_run=not existed)
            _tell(f"cannot start {words[0]!r}: {error.strerror}")
            missing = isinstance(error, FileNotFoundError)
            sys.exit(launch.NOT_FOUND if missing else launch.NOT_EXECUTABLE)
        told = any(Path(notes).iterdir())
    place.end_segment(segment, code)
    try:
        _tell(_summary(run, segment, code, existed=existed, told=told))
    except (LrscopeError, OSError) as error:
        _tell(str(error))
    launch.end_like(code)


def _get_ready() -> None:
    """Load what the closing line needs while the command runs."""
    with contextlib.suppress(ImportError):  # then the closing line says so
        import lrscope.report.summary  # noqa: F401


def _check_every(every: str | None) -> None:
    if every is None or every in ("step", "epoch"):
        return
    if not every.isdecimal() or int(every) < 1:
        msg = f"--print needs step, epoch or a number of steps, got {every!r}"
        raise UsageError(msg)


def _summary(
    run: Path, segment: place.Segment, code: int, *, existed: bool, told: bool
) -> str:
    from lrscope.report.summary import nothing_seen, summary_of

    recorded = [
        path
        for path in place.recordings_in(run)
        if path.name.startswith(segment.path.stem)
    ]
    if recorded:
        return summary_of(run, segment.number)
    place.drop_segment(segment, with_run=not existed)
    if told:
        return "nothing was recorded, for the reason above"
    return nothing_seen(code)


def _tell(text: str) -> None:
    click.echo(f"lrscope: {text}", err=True)
