"""``lrscope preview``: a plan, drawn and judged before it is trained with."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrscope.cli.groups import Rates
    from lrscope.cli.made import Made
    from lrscope.report.planned import Planned
    from lrscope.schedules import Clock, Schedule

ENDLESS = 1_000
"""Steps shown of plans without an end when nobody says how many."""


@click.command("preview")
@click.argument("specs", metavar="[GROUP=]SPEC…", nargs=-1, required=True)
@click.option("--lr", type=float, help="Base rate; without it factors are shown.")
@click.option(
    "--group",
    "groups",
    metavar="NAME=LR",
    multiple=True,
    help="A group and its base rate; repeat.",
)
@click.option("--steps", type=click.IntRange(1), help="Optimizer steps of the run.")
@click.option("--clock", metavar="KEY=N,…", help="What units are, see above.")
@click.option("--table", is_flag=True, help="Print values as well.")
@click.option(
    "--plot", type=click.Path(path_type=Path), help="Write a PNG, SVG or PDF."
)
@click.option("--force", is_flag=True, help="Let --plot replace a file.")
@click.option("--json", "as_data", is_flag=True, help="As JSON on standard output.")
def command(  # noqa: PLR0913, PLR0917 - one for each option
    specs: tuple[str, ...],
    lr: float | None,
    groups: tuple[str, ...],
    steps: int | None,
    clock: str | None,
    plot: Path | None,
    *,
    table: bool,
    force: bool,
    as_data: bool,
) -> None:
    """Draw schedules, with their landmarks and the mistakes they would make.

    SPEC is a schedule as it is written in Python, 'warmup(500) >> cosine(9_500)', a
    file with its JSON form, or train.py:name. That name is, or is a function that
    returns, a schedule, a mapping from group to schedule, a driver, a torch scheduler,
    what Lightning's configure_optimizers returns, or a list of these. The function may
    ask for an optimizer; it gets one with the groups and rates given here. Such a file
    is imported and so is run.

    Several are drawn together. GROUP=SPEC is for one group, a SPEC without a name for
    all others: 'head=constant()' 'cosine(1_000)' --group head=1e-3 --group body=1e-4.
    Groups share one run, of --steps or as long as the longest of their plans.

    Lengths such as "3ep" or "10%" need --clock: steps_per_epoch=100 and one of
    total_steps (--steps if left out), samples_per_step, tokens_per_step.
    """
    from lrscope.cli.groups import rates_of
    from lrscope.report import curves, planned, preview

    time = _clock(clock, steps)
    plans = _plans(specs, rates_of(lr, groups), steps or time.total_steps, time)
    if plot is not None:
        drawn = [each.curve for each in plans]
        curves.in_file(drawn, plot, label=plans[0].unit, force=force)
        click.echo(f"wrote {plot}", err=True)
    if as_data:
        click.echo(json.dumps(planned.as_json(plans), indent=2))
        return
    from rich.console import Console

    console = Console(highlight=False)
    color = console.color_system is not None and not console.no_color
    console.print(preview.rendered(plans, console.width, color=color, table=table))


def _plans(
    specs: Sequence[str], rates: Rates, steps: int | None, clock: Clock
) -> list[Planned]:
    from lrscope.cli.groups import on_groups, unused
    from lrscope.cli.spec import plans_in
    from lrscope.report.planned import Planned

    found = [each for spec in specs for each in plans_in(spec, rates)]
    for sentence in unused(found, rates):
        _say(sentence)
    made = [each.on(clock) for each in on_groups(found, rates, "of --group")]
    plans = [each.planned(clock) for each in made]
    ends = _ends(made, plans)
    longest = max((end for end in ends if end), default=ENDLESS)
    planned = []
    for name, each, plan, end in zip(_names(made), made, plans, ends, strict=True):
        run = steps or end or longest
        if not (steps or end):
            _say(f"{name} is endless: showing {run:,} steps; give --steps N")
        told = each.quirks if run > (each.horizon or run) else ()
        planned.append(
            Planned.of(
                name,
                each.schedule,
                plan,
                run,
                quirks=told,
                raises_at=each.raises_at,
            )
        )
    _refuse_two_units(planned)
    return planned


def _ends(made: Sequence[Made], plans: Sequence[Schedule]) -> list[int | None]:
    """Return where the run of each plan ends if nobody says; None for an endless one.

    Plans of different groups are parts of one run, which is as long as the longest;
    several of one group are alternatives, each with a run of its own.
    """
    ends = [plan.length or each.horizon for plan, each in zip(plans, made, strict=True)]
    if len({each.group for each in made}) < len(made):
        return ends
    return [max(filter(None, ends), default=None)] * len(ends)


def _refuse_two_units(plans: Sequence[Planned]) -> None:
    """Refuse factors beside rates: they share no axis."""
    one = {each.unit: each.name for each in plans}
    if len(one) > 1:
        msg = f"{one['factor']} gives factors, {one['rate']} rates, and they share no "
        msg += "axis; --lr or --group makes rates of factors"
        raise UsageError(msg)


def _names(made: Sequence[Made]) -> list[str]:
    """Return what plans are called: by group, and their words if that is unclear."""
    short = [each.group or each.spec for each in made]
    return [
        name if short.count(name) == 1 or not each.group else f"{name} {each.spec}"
        for name, each in zip(short, made, strict=True)
    ]


def _clock(text: str | None, steps: int | None) -> Clock:
    """Read "steps_per_epoch=100,total_steps=2000"."""
    from lrscope.schedules import Clock

    names = [each.name for each in fields(Clock)]
    given: dict[str, int] = {}
    for each in text.split(",") if text else ():
        name, _, number = each.strip().partition("=")
        digits = number.replace("_", "")
        if name in names and name not in given and digits.isdecimal() and int(digits):
            given[name] = int(digits)
        else:
            msg = (
                f"--clock needs KEY=N with a key of {', '.join(names)}, every key "
                f"once, and N above 0, got {each!r}"
            )
            raise UsageError(msg)
    if steps is not None:
        given.setdefault("total_steps", steps)
    return Clock(**given)


def _say(text: str) -> None:
    click.echo(f"lrscope: {text}", err=True)
