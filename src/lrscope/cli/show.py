"""``lrscope show``: with which rates parameters were really updated."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrscope.errors import NotARun, UsageError
from lrscope.recording.place import latest_run
from lrscope.recording.run import read_run
from lrscope.report.page import Page, Steps, as_json, page_of

if TYPE_CHECKING:
    from rich.console import Console

PAUSE = 0.5
"""Seconds between two looks at a run that is followed."""


@click.command("show")
@click.argument("run", required=False, type=click.Path(path_type=Path))
@click.option("--group", metavar="NAME", help="Only groups whose name contains NAME.")
@click.option("--steps", metavar="A:B", help="Only steps A to B, B not included.")
@click.option("--json", "as_data", is_flag=True, help="As JSON on standard output.")
@click.option("--follow", is_flag=True, help="Keep showing while the run goes on.")
def command(
    run: Path | None,
    group: str | None,
    steps: str | None,
    *,
    as_data: bool,
    follow: bool,
) -> None:
    """Show with which rates the parameters of RUN were really updated.

    RUN is the directory of a run; by default the latest below lrscope-runs/.
    """
    chosen = run or latest_run()
    wanted = _steps(steps)
    if follow and as_data:
        msg = "--follow and --json do not go together; leave one out"
        raise UsageError(msg)
    if follow:
        _follow(chosen, group, wanted)
        return
    page = _page(chosen, group, wanted)
    if as_data:
        click.echo(json.dumps(as_json(page), indent=2))
    else:
        console = _console()
        console.print(_drawn(page, console), soft_wrap=False)


def _page(run: Path, group: str | None, steps: Steps) -> Page:
    page = page_of(read_run(run), group, steps)
    if group is not None and not page.rows:
        names = ", ".join(each.name for each in page_of(read_run(run)).rows)
        msg = f"--group needs a part of a group's name, got {group!r}; "
        msg += f"the groups of this run are: {names}"
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
    except ValueError:
        colon = ""
    if not colon:
        msg = f"--steps needs a range such as 100:200, 100: or :200, got {text!r}"
        raise UsageError(msg)
    return found


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _drawn(page: Page, console: Console) -> object:
    from lrscope.report.terminal import rendered

    return rendered(page, console.width, color=console.color_system is not None)


def _follow(run: Path, group: str | None, steps: Steps) -> None:
    """Show a run until it has ended or the user has seen enough."""
    from rich.live import Live

    console = _console()
    with Live(console=console, auto_refresh=False, transient=False) as live:
        try:
            while True:
                try:
                    page = _page(run, group, steps)
                except NotARun:
                    live.update("waiting for the first optimizer step …", refresh=True)
                else:
                    live.update(_drawn(page, console), refresh=True)  # type: ignore[arg-type]
                    if page.state == "ended":
                        return
                time.sleep(PAUSE)
        except KeyboardInterrupt:
            return
