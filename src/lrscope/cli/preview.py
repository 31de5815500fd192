"""``lrscope preview``: a plan, drawn and judged before it is trained with."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrscope.errors import ScheduleError, UsageError

if TYPE_CHECKING:
    from lrscope.cli.factory import Made
    from lrscope.report.preview import Planned
    from lrscope.schedules import Clock, Schedule

ENDLESS = 1_000
"""Steps shown of a plan without an end when nobody says how many."""

POINTS = 240
ROWS = 20


@click.command("preview")
@click.argument("specs", metavar="SPEC…", nargs=-1, required=True)
@click.option("--lr", type=float, help="Base rate; without it factors are shown.")
@click.option("--group", "groups", metavar="NAME=LR", multiple=True, help="A group.")
@click.option("--steps", type=click.IntRange(1), help="Optimizer steps of the run.")
@click.option("--clock", metavar="KEY=N,…", help="What units are, see below.")
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
    file with its JSON form, or train.py:name, where name is a schedule, a torch
    scheduler or a function that returns one. Such a file is imported and so is run.

    Lengths such as "3ep" or "10%" need --clock: steps_per_epoch=100 and one of
    total_steps (--steps if left out), samples_per_step, tokens_per_step.
    """
    from lrscope.report import curves, preview

    rates = _rates(lr, groups)
    time = _clock(clock, steps)
    plans = [
        found
        for spec in specs
        for found in _plans(spec, rates, steps, time, several=len(specs) > 1)
    ]
    if len({each.unit for each in plans}) > 1:
        msg = "some plans are factors, some rates; make all of them rates: --lr"
        raise UsageError(msg)
    if plot is not None:
        drawn = [each.curve for each in plans]
        curves.in_file(drawn, plot, label=plans[0].unit, force=force)
        click.echo(f"wrote {plot}", err=True)
    if as_data:
        click.echo(json.dumps(preview.as_json(plans), indent=2))
        return
    from rich.console import Console

    console = Console(highlight=False)
    color = console.color_system is not None
    console.print(preview.rendered(plans, console.width, color=color, table=table))


def _plans(
    spec: str,
    rates: dict[str, float | None],
    steps: int | None,
    clock: Clock,
    *,
    several: bool,
) -> list[Planned]:
    """Return one plan for every base rate."""
    made = _made(spec, rates)
    if len(made.schedules) != len(rates):
        rates = _rates_of(len(made.schedules), rates, spec)
    if made.bases and not any(rates.values()):
        rates = dict(zip(rates, made.bases, strict=True))
    found = []
    for (group, lr), schedule in zip(rates.items(), made.schedules, strict=True):
        name = " ".join(each for each in (group, spec if several else "") if each)
        plan = schedule.on(clock)
        if lr is not None and not plan.is_rate:
            plan = plan.absolute(lr)
        planned = _planned(name or spec, schedule, plan, steps)
        run = planned.landmarks["steps"] or 0
        if made.horizon is not None and run > made.horizon:
            planned = replace(
                planned, cautions={**planned.cautions, **dict(made.quirks)}
            )
        found.append(planned)
    return found


def _rates_of(
    groups: int, rates: dict[str, float | None], spec: str
) -> dict[str, float | None]:
    """Return a rate for every group of a factory that has groups of its own."""
    if "" not in rates:
        msg = f"{spec} has {groups} groups, --group names {len(rates)}"
        raise UsageError(msg)
    return {f"group{index}": rates[""] for index in range(groups)}


def _planned(
    name: str, written: Schedule, plan: Schedule, steps: int | None
) -> Planned:
    import numpy as np

    from lrscope.report.curves import Curve
    from lrscope.report.preview import Planned
    from lrscope.schedules import to_json
    from lrscope.schedules.landmarks import cautions, landmarks

    run = steps or plan.length or ENDLESS
    marks = landmarks(plan, run)
    shown = np.unique(np.linspace(0, run - 1, min(POINTS, run)).round().astype(int))
    chosen = np.linspace(0, run - 1, min(ROWS, run)).round().astype(int)
    values = [float(each) for each in plan(shown)]
    try:
        form = to_json(written)
    except ScheduleError:
        form = None
    return Planned(
        name=name,
        schedule=repr(written),
        form=form,
        unit="rate" if plan.is_rate else "factor",
        landmarks=asdict(marks),
        cautions={each.name: each.message for each in cautions(plan, run)},
        curve=Curve(name, tuple(int(each) for each in shown), tuple(values)),
        table=tuple((int(each), plan(int(each))) for each in np.unique(chosen)),
    )


def _made(spec: str, rates: dict[str, float | None]) -> Made:
    """Return what a specification stands for, by group."""
    from lrscope.cli.factory import Made, is_place, made_by
    from lrscope.schedules import from_json, parse

    if is_place(spec):
        return made_by(spec, [1.0 if each is None else each for each in rates.values()])
    if spec.endswith(".json"):
        try:
            text = Path(spec).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            msg = f"{spec} cannot be read: {error}"
            raise UsageError(msg) from error
        return Made([from_json(text)] * len(rates))
    return Made([parse(spec)] * len(rates))


def _rates(lr: float | None, groups: tuple[str, ...]) -> dict[str, float | None]:
    """Return the base rate of every group; one without a name if none is named."""
    from lrscope.schedules.arguments import finite

    if lr is not None and groups:
        msg = "--lr and --group do not go together; name every group with its rate"
        raise UsageError(msg)
    if not groups:
        return {"": None if lr is None else _positive("--lr", finite("--lr needs", lr))}
    found: dict[str, float | None] = {}
    for each in groups:
        name, sign, text = each.partition("=")
        try:
            value = float(text)
        except ValueError:
            sign, value = "", 0.0
        if not (sign and name) or name in found:
            msg = f"--group needs NAME=LR, every name once, got {each!r}"
            raise UsageError(msg)
        found[name] = _positive("--group", finite("--group needs", value))
    return found


def _positive(option: str, value: float) -> float:
    if value <= 0:
        msg = f"{option} needs a rate above 0, got {value!r}"
        raise UsageError(msg)
    return value


def _clock(text: str | None, steps: int | None) -> Clock:
    """Read "steps_per_epoch=100,total_steps=2000"."""
    from lrscope.schedules import Clock

    names = [each.name for each in fields(Clock)]
    given: dict[str, int] = {}
    for each in text.split(",") if text else ():
        name, _, number = each.strip().partition("=")
        digits = number.replace("_", "")
        if name in names and name not in given and digits.isdecimal():
            given[name] = int(digits)
        else:
            msg = (
                f"--clock needs KEY=N with a key of {', '.join(names)}, every key "
                f"once, got {each!r}"
            )
            raise UsageError(msg)
    if steps is not None:
        given.setdefault("total_steps", steps)
    return Clock(**given)
