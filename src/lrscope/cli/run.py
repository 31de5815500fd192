"""``lrscope run``: run a command and record its learning rates."""

from __future__ import annotations

from pathlib import Path

import click

from lrscope.cli import trial
from lrscope.errors import UsageError
from lrscope.recording import opening

TAKE_A_VALUE = ("-o", "--output", "--print")


class _Run(click.Command):
    """Knows that ``--effective`` may stand alone; click has no such option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give a lonely ``--effective`` before the command an empty value."""
        at = 0
        while at < len(args) and args[at].startswith("-") and args[at] != "--":
            if args[at] == trial.EFFECTIVE:
                args[at] += "="
            at += 2 if args[at] in TAKE_A_VALUE else 1
        return super().parse_args(ctx, args)


def _no_option(word: str) -> str:
    """Return what to say of an option that there is not."""
    from difflib import get_close_matches

    known = [*TAKE_A_VALUE, trial.EFFECTIVE, "--audit", "--help"]
    near = get_close_matches(word.partition("=")[0], known, 1)
    meant = f"did you mean {near[0]}?" if near else "see: lrscope run --help"
    return f"run has no option {word}; {meant}"


@click.command(
    "run",
    cls=_Run,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help=f"Directory of the run; an earlier run gets a new segment. "
    f"[default: {opening.RUNS}/<UTC time>-<script>]",
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
    metavar="[=every=K|budget=1%][,by=parameter]",
    help="Measure how far steps really move the weights, and the loss beside them: "
    "each K-th step, or the first few and as many more as fit into a share of the "
    "time.",
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
    effective: str | None,
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
    if words[:1] == ["--"]:
        words = words[1:]
    elif words and words[0].startswith("-") and words[0] != "-m":
        raise UsageError(_no_option(words[0]))
    if not words:
        msg = "run needs a command, got none; try: lrscope run python train.py"
        raise UsageError(msg)
    place = None if output is None else str(output)
    trial.hold(trial.Trial(words, place, every, effective, audited=audited))
