"""``lrscope export``: a run as a table for other tools."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import click

from lrscope.errors import UsageError
from lrscope.recording.place import latest_run
from lrscope.recording.run import read_run
from lrscope.report import export


@click.command("export")
@click.argument("run", required=False, type=click.Path(path_type=Path))
@click.option(
    "--to",
    "kind",
    type=click.Choice(["csv", "parquet", "jsonl"]),
    required=True,
    help="The form to write.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to write. [default: standard output; Parquet needs a file]",
)
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
def command(run: Path | None, kind: str, output: Path | None, *, force: bool) -> None:
    """Write RUN with one line per group and call of optimizer.step().

    RUN is the directory of a run; by default the latest below lrscope-runs/. Counted
    from 0: call, the calls of step(); step, its updates; update, those of the whole
    training, if the optimizer's state that was loaded tells how many came before. What
    the program logged as NAME is logged.NAME, beside the update before it.
    """
    chosen = read_run(run or latest_run())
    if output is not None and output.exists() and not force:
        msg = f"will not overwrite {output}; name another file, or add --force"
        raise UsageError(msg)
    if kind == "parquet" and output is None:
        msg = "--to parquet needs a file to write to; add -o FILE"
        raise UsageError(msg)
    write = export.to_csv if kind == "csv" else export.to_jsonl
    if output is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # as a file: names stay whole
        write(chosen, sys.stdout)
        return
    try:
        if kind == "parquet":
            export.to_parquet(chosen, output)
            return
        with output.open("w", encoding="utf-8", newline="") as file:
            write(chosen, file)
    except OSError as error:
        msg = f"cannot write {output}: {error.strerror}"
        raise UsageError(msg) from error
