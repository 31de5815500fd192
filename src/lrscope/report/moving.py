"""Moving: how far the weights of groups and parameters moved, as tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text

from lrscope.report.columns import table
from lrscope.report.few import few_of
from lrscope.report.numbers import known

if TYPE_CHECKING:
    from collections.abc import Sized

    from rich.console import RenderableType

    from lrscope.report.movement import Movement
    from lrscope.report.page import Page

MOST_NAMED = 3
"""Groups that a sentence names; of more it says how many they are."""

MOST_PARAMETERS = 20
"""Parameters in the table of them; of more it says how many they are."""


def movement(page: Page, width: int, *, whole: bool = False) -> list[RenderableType]:
    """Return how far weights really moved, as tables, if that was measured.

    Args:
        page: what to show.
        width: columns of the terminal.
        whole: whether to show all groups, however many they are.
    """
    moving = [(row.name, row.movement) for row in page.rows if row.movement]
    if not moving:
        nearest = page.nearest_measured
        why = "none of these steps was measured; the nearest is"
        return [] if nearest is None else [Text(f"{why} {nearest:,}", style="dim")]
    headings = ("group", "applied", "effective", "×", "update/weight", "moved")
    few = few_of(moving, whole=whole)
    rows: list[tuple[str, ...]] = [
        (
            name,
            known(of.applied, ".2e"),
            _effective(of.effective, of.error),
            "–" if of.multiplier is None else known(of.multiplier, ".3g"),
            known(of.update_to_weight, ".2e"),
            _share(of.moved),
        )
        for name, of in few.shown
    ]
    if few.left_out:
        rows.insert(len(few.first), ("…", *[""] * 5))
    spare = ("moved", "applied", "update/weight", "×")
    found = table(headings, rows, width, spare=spare)
    if few.left_out:
        found.append(Text(few.more("groups"), style="dim"))
    own = _parameters(moving, width)
    when = _when(moving, " of this segment" if page.joined else "")
    return [Text(), *when, *found, *_because(moving), *own]


def _parameters(moving: list[tuple[str, Movement]], width: int) -> list[RenderableType]:
    """Return the same of parameters, where they were measured apart."""
    headings = ("parameter", "elements", "effective", "update/weight", "moved")
    rows = [
        (
            name,
            f"{each.elements:,.0f}",
            _effective(each.effective, each.error),
            known(each.update_to_weight, ".2e"),
            _share(each.moved),
        )
        for group, of in moving
        for name, each in (
            (key if len(moving) == 1 else f"{group}/{key}", value)
            for key, value in of.parameters.items()
        )
    ]
    if not rows:
        return []
    spare = ("moved", "elements", "update/weight")
    found = table(headings, rows[:MOST_PARAMETERS], width, spare=spare)
    more = len(rows) - MOST_PARAMETERS
    if more > 0:
        told = f"and {more:,} more parameters; choose some with --group NAME"
        found.append(Text(told, style="dim"))
    return [Text(), *found]


def _when(moving: list[tuple[str, Movement]], of_what: str) -> list[Text]:
    """Say what step the numbers are of, once for all groups with the same."""
    steps: dict[tuple[int, int], list[str]] = {}
    for name, of in moving:
        steps.setdefault((of.step, of.measured), []).append(name)
    return [
        Text(
            f"{_whose(names, moving)}how far weights moved at step "
            f"{step:,}{of_what}, the last of {measured:,} that were measured",
            style="dim",
        )
        for (step, measured), names in steps.items()
    ]


def _effective(effective: float, error: float) -> str:
    told = known(effective, ".2e")
    if not (error and math.isfinite(effective)):
        return told
    return told + (f" ± {error:.0e}" if math.isfinite(error) else " ± unknown")


def _share(moved: float) -> str:
    return f"{moved:.1%}" if math.isfinite(moved) else "–"


def _because(moving: list[tuple[str, Movement]]) -> list[Text]:
    """Say why effective is not applied, once for all groups with the same answer."""
    groups: dict[str, list[str]] = {}
    for name, of in moving:
        if of.because:
            groups.setdefault(of.because, []).append(name)
    return [
        Text(f"{_whose(names, moving)}{because}") for because, names in groups.items()
    ]


def _whose(names: list[str], among: Sized) -> str:
    """Return whom a sentence is about; "" if it is about all."""
    if len(names) == len(among):
        return ""
    return (
        f"{', '.join(names) if len(names) <= MOST_NAMED else f'{len(names)} groups'}: "
    )
