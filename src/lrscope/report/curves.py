"""Curves of rates over steps, in a terminal and in a file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrscope.errors import UsageError
from lrscope.report.few import names_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEIGHT = 12
"""Rows of a figure; each has a tick."""

COLUMNS = 10
"""Columns between two ticks."""

ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Distances between ticks that are easy to count on, times a power of ten."""

MOST_CURVES = 6
COLORS = ("cyan", "magenta", "yellow", "green", "blue", "red")
MARKS = "abcdef"
"""Letters on the curves where there are no colours."""

MARKED_PARTS = 3
PICTURES = (".png", ".svg", ".pdf")


@dataclass(frozen=True, slots=True)
class Curve:
    """A name, steps in rising order and as many values."""

    name: str
    steps: tuple[int, ...]
    values: tuple[float, ...]


def in_terminal(
    curves: Sequence[Curve], width: int, *, color: bool, label: str, along: str
) -> str:
    """Return curves drawn with characters, those that coincide once.

    Args:
        curves: What to draw; six at most are.
        width: Columns of the terminal.
        color: Whether the terminal shows colours; if not, letters tell curves apart.
        label: What the values are.
        along: What the steps are.
    """
    apart = _apart(curves)
    chosen, left = apart[:MOST_CURVES], len(apart[MOST_CURVES:])
    steps = {step for each in chosen for step in (each.steps[0], each.steps[-1])}
    if len(steps) < 2:
        return ""
    figure = _figure(chosen, max(12, min(width, 100) - 24), label, along)
    figure.with_colors = color
    several = len(chosen) > 1
    for place, (each, line) in enumerate(zip(chosen, COLORS, strict=False)):
        figure.plot(each.steps, each.values, lc=line, label=each.name)
        if several and not color:
            marked = _marked(each, (place + 1) / (len(chosen) + 1))
            figure.scatter(*marked, marker=MARKS[place])
    lines = [str(figure.show(legend=several and color))]
    if several and not color:
        legend = zip(MARKS, chosen, strict=False)
        lines += ["", *(f"{mark}  {each.name}" for mark, each in legend)]
    if left:
        lines.append(f"and {left} more, which are not drawn")
    return "\n".join(lines)


def _apart(curves: Sequence[Curve]) -> list[Curve]:
    """Return curves that differ; those that coincide have one name."""
    found: dict[tuple[Any, Any], list[str]] = {}
    for each in curves:
        if each.steps:
            found.setdefault((each.steps, each.values), []).append(each.name)
    return [Curve(names_of(names), *points) for points, names in found.items()]


def _figure(curves: Sequence[Curve], width: int, label: str, along: str) -> Any:
    """Return axes on which all curves have room, zero among the values."""
    import plotille

    figure = plotille.Figure()
    figure.height = HEIGHT
    figure.color_mode = "names"
    figure.x_label, figure.y_label = along, label
    top = max(0.0, *(max(each.values) for each in curves))
    bottom = min(0.0, *(min(each.values) for each in curves))
    rows = HEIGHT - (bottom < 0)  # the lowest tick may lie below the lowest value
    apart = _round(1.001 * (top - bottom) / rows)  # nothing is drawn at the very top
    bottom = math.floor(bottom / apart) * apart
    figure.set_y_limits(min_=bottom, max_=bottom + HEIGHT * apart)
    first = min(each.steps[0] for each in curves)
    last = max(each.steps[-1] for each in curves)
    apart = max(1, math.ceil(_round(COLUMNS * (last - first) / width)))
    figure.width = min(width, math.ceil((last - first) / apart * COLUMNS))
    figure.set_x_limits(min_=first, max_=first + figure.width * apart / COLUMNS)
    figure.register_label_formatter(float, _tick)
    figure.register_label_formatter(int, _tick)
    return figure


def _round(least: float) -> float:
    """Return the smallest round number that is not below ``least``."""
    if least <= 0:
        return 0.1
    power = 10.0 ** math.floor(math.log10(least))
    return next((each * power for each in ROUND if each * power >= least), 10 * power)


def _marked(curve: Curve, share: float) -> tuple[list[int], list[float]]:
    """Return where a curve is marked: after this share of each part of it."""
    at = [
        int((part + share) * len(curve.steps) / MARKED_PARTS)
        for part in range(MARKED_PARTS)
    ]
    return [curve.steps[each] for each in at], [curve.values[each] for each in at]


def in_file(
    curves: Sequence[Curve], path: Path, *, label: str, force: bool = False
) -> None:
    """Write curves as a picture; the ending of the file says which kind.

    Raises:
        UsageError: If the ending is not known, the file exists and is not to be
            replaced, it cannot be written, or matplotlib is not installed.
    """
    if path.suffix.lower() not in PICTURES:
        msg = f"a picture needs a name that ends in {', '.join(PICTURES)}, got {path}"
        raise UsageError(msg)
    if path.exists() and not force:
        msg = f"{path} exists; replace it with --force or choose another name"
        raise UsageError(msg)
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        msg = "pictures need matplotlib: pip install 'lrscope[plot]'"
        raise UsageError(msg) from error
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for each in curves:
        axes.plot(each.steps, each.values, label=each.name)
    axes.set_xlabel("step")
    axes.set_ylabel(label)
    axes.grid(alpha=0.3)
    axes.margins(x=0)
    if curves:
        axes.legend(fontsize="small")
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror or error}"
        raise UsageError(msg) from error


def _tick(
    value: float,
    chars: int,
    delta: float,
    left: bool = False,  # noqa: FBT001, FBT002
) -> str:
    if abs(value) < 1e-6 * delta:  # what is left of 0.3 - 3 * 0.1
        value = 0.0
    value += 0.0  # never -0.0
    whole = value == 0 or abs(value) >= 100 or (abs(value) >= 1 and value % 1 == 0)
    text = f"{value:.0f}" if whole else f"{value:.3g}"
    if len(text) > chars:
        text = f"{value:.2e}"
    return text.ljust(chars) if left else text.rjust(chars)
