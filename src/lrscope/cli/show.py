"""``lrscope show``: with which rates parameters were really updated."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrscope.cli.chosen import process_in
from lrscope.errors import NotARun, UsageError
from lrscope.recording.place import latest_run
from lrscope.recording.run import read_run
from lrscope.report.page import RUNNING, Page, as_json, page_of
from lrscope.report.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from lrscope.recording.process import Process
    from lrscope.recording.run import Run

PAUSE = 0.5
"""Seconds between two looks at a run that is followed."""


@click.command("show")
@click.argument("run", required=False, type=click.Path(path_type=Path))
@click.option(
    "--group",
    metavar="NAME",
    help="Only groups (or else parameters) whose name contains NAME.",
)
@click.option("--steps", metavar="A:B", help="Only steps A to B, B not included.")
@click.option("--segment", type=int, help="Of a run continued with -o: which part.")
@click.option("--rank", type=int, help="Which process of a distributed run.")
@click.option("--pid", type=int, help="Which process of others that have no rank.")
@click.option("--json", "as_data", is_flag=True, help="As JSON on standard output.")
@click.option("--follow", is_flag=True, help="Keep showing while the run goes on.")
def command(  # noqa: PLR0913, PLR0917 - one for each option
    run: Path | None,
    group: str | None,
    steps: str | None,
    segment: int | None,
    rank: int | None,
    pid: int | None,
    *,
    as_data: bool,
    follow: bool,
) -> None:
    """Show with which rates the parameters of RUN were really updated.

    RUN is the directory of a run; by default the latest below lrscope-runs/. Of a run
    with several processes or segments, the lowest rank of the last segment is shown.
    """
    if follow and as_data:
        msg = "--follow and --json do not go together; leave one out"
        raise UsageError(msg)
    chosen = run or latest_run(even_without_step=follow)
    of = partial(process_in, segment=segment, rank=rank, pid=pid)
    look = partial(_page, chosen, group, _steps(steps), of, segment is not None)
    if follow:
        _follow(look, chosen, whole=group is not None)
        return
    if as_data:
        click.echo(json.dumps(as_json(look()), indent=2))
        return
    page = look()
    console = _console()
    drawn = _drawn(page, console, whole=group is not None)
    console.print(drawn, soft_wrap=False)


def _page(
    path: Path,
    group: str | None,
    steps: Steps,
    process_of: Callable[[Run], Process],
    alone: bool,  # noqa: FBT001
) -> Page:
    run = read_run(path)
    process = process_of(run)
    page = page_of(run, group, steps, process, alone=alone)
    if group is not None and not page.rows:
        names = ", ".join(each.name for each in process.tracks)
        msg = f"--group needs a part of a group's name, got {group!r}; "
        msg += f"the groups of this run are: {names}"
        raise UsageError(msg)
    if steps != Steps() and not any(row.steps for row in page.rows):
        last = max((each.steps[-1] for each in process.tracks if len(each)), default=-1)
        has = "updated nothing" if last < 0 else f"has the steps 0 to {last}"
        msg = f"--steps names no step of this run, which {has}"
        raise UsageError(msg)
    return page


def _steps(text: str | None) -> Steps:
    if text is None:
        return Steps()
    start, colon, stop = text.partition(":")
    try:
        found = Steps(
            start=int(start) if start else None, stop=int(stop) if stop else None
        )
        if min(found.start or 0, found.stop or 0) < 0:
            colon = ""
    except ValueError:
        colon = ""
    if not colon:
        msg = f"--steps needs a range such as 100:200, 100: or :200, got {text!r}"
        raise UsageError(msg)
    return found


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _drawn(page: Page, console: Console, *, whole: bool) -> object:
    from lrscope.report.terminal import rendered

    color = console.color_system is not None and not console.no_color
    return rendered(page, console.width, color=color, whole=whole)


def _follow(look: Callable[[], Page], path: Path, *, whole: bool) -> None:
    """Show a run until it has ended or the user has seen enough."""
    from rich.live import Live
    from rich.text import Text

    console = _console()
    with Live(console=console, auto_refresh=False, transient=False) as live:
        try:
            while True:
                try:
                    page = look()
                except NotARun:
                    what = "the first optimizer step" if path.exists() else "the run"
                    live.update(Text(f"{path}: waiting for {what} …"), refresh=True)
                else:
                    drawn = _drawn(page, console, whole=whole)
                    live.update(drawn, refresh=True)  # type: ignore[arg-type]
                    if page.state != RUNNING:
                        return
                time.sleep(PAUSE)
        except KeyboardInterrupt:
            return
