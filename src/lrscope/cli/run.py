"""``lrscope run``: run a command and record its learning rates."""

from __future__ import annotations

from pathlib import Path

import click

from lrscope.cli import trial
from lrscope.errors import UsageError
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
@click.option(
    trial.EFFECTIVE,
    "effective",
    is_flag=True,
    help="Measure how far steps really move the weights, and the loss beside them: "
    "--effective, or =every=K, =budget=1% of the time, each with ,by=parameter.",
)
@click.option(
    "--audit",
    "audited",
    is_flag=True,
    help="Print what is wrong with the rates, to stderr, once it is certain.",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def command(
    output: Path | None,
    every: str | None,
    effective: bool,  # noqa: FBT001 - click passes what was typed
    audited: bool,  # noqa: FBT001 - click passes what was typed
    command: tuple[str, ...],
) -> None:
    """Run COMMAND and record with which rate every parameter group is updated.

    COMMAND is what you would type without lrscope: python, torchrun, accelerate
    launch, a shell script. "train.py …" and "-m package.module …" are run by the
    Python that lrscope runs on.

    \b
        lrscope run python train.py --epochs 20
        lrscope run -o runs/a -- torchrun --nproc_per_node 2 train.py
    """  # noqa: D301 - click wants the backspace
    words = list(command)
    asked = "" if effective else None
    while words and words[0].startswith(f"{trial.EFFECTIVE}="):  # click knows no value
        asked = words.pop(0).partition("=")[2]
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        msg = "run needs a command, got none; try: lrscope run python train.py"
        raise UsageError(msg)
    trial.hold(trial.Trial(words, output, every, asked, audited))
