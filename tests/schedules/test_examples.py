"""The examples in the docstrings of schedules run as they are shown."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from lrscope import schedules
from lrscope.schedules.catalogue import RECIPES, SHAPES

MODULES = [
    each.name
    for each in pkgutil.walk_packages(schedules.__path__, "lrscope.schedules.")
]


@pytest.mark.parametrize("name", MODULES)
def test_every_example_of_a_module_runs(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


@pytest.mark.parametrize("each", [*SHAPES, *RECIPES], ids=lambda each: each.__name__)
def test_every_shape_and_recipe_tells_its_arguments_and_shows_an_example(each):
    text = each.__doc__
    assert ">>> " in text
    assert "Args:" in text
    fields = getattr(each, "__dataclass_fields__", None)
    names = (
        [name for name, field in fields.items() if field.init]
        if fields
        else each.__annotations__.keys() - {"return"}
    )
    assert [name for name in names if f"        {name}: " not in text] == []
    if fields:
        assert "f(t) = " in text
