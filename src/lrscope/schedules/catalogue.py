"""Everything that makes a schedule, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.schedules import recipes
from lrscope.schedules.algebra.changed import absolute, clip, hold
from lrscope.schedules.algebra.combined import maximum, minimum, product, total
from lrscope.schedules.algebra.moved import reverse, shift, window
from lrscope.schedules.algebra.repeated import repeat
from lrscope.schedules.algebra.stretched import stretch
from lrscope.schedules.algebra.then import then
from lrscope.schedules.shapes.constant import constant
from lrscope.schedules.shapes.cosine import cosine
from lrscope.schedules.shapes.exponential import exponential
from lrscope.schedules.shapes.linear import linear
from lrscope.schedules.shapes.warmup import warmup

if TYPE_CHECKING:
    from collections.abc import Callable

    from lrscope.schedules.schedule import Schedule

SHAPES: tuple[type[Schedule], ...] = (
    constant,
    linear,
    exponential,
    cosine,
    warmup,
)
"""Every shape, in the order of the documentation."""

NODES: tuple[type[Schedule], ...] = (
    then,
    product,
    total,
    minimum,
    maximum,
    clip,
    absolute,
    shift,
    window,
    reverse,
    stretch,
    repeat,
    hold,
)
"""Everything that is made of other schedules."""

RECIPES: tuple[Callable[..., Schedule], ...] = (recipes.warmup_cosine,)
"""Functions that put shapes together."""

KINDS: dict[str, type[Schedule]] = {each.__name__: each for each in (*SHAPES, *NODES)}
"""What the JSON form names."""

CALLABLE: dict[str, Any] = {
    getattr(each, "__name__", ""): each
    for each in (*SHAPES, *RECIPES, minimum, maximum)
}
"""What the text form may call."""
