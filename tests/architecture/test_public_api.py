"""What users may rely on is named, complete and documented."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import lrscope

INIT = Path(lrscope.__file__)
PUBLIC = [name for name in lrscope.__all__ if name != "__version__"]


def test_the_public_names_are_sorted_and_there_once():
    assert lrscope.__all__ == sorted(set(lrscope.__all__))
    assert dir(lrscope) == lrscope.__all__


def test_every_name_is_announced_to_people_to_types_and_to_the_loader():
    typed = {
        alias.asname or alias.name
        for node in ast.walk(ast.parse(INIT.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("lrscope")
        for alias in node.names
    }
    assert typed == set(PUBLIC) == set(lrscope._PLACES)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_loads_from_its_place_and_is_documented(name):
    found = getattr(lrscope, name)
    first, *_ = (inspect.getdoc(found) or "").splitlines()
    assert first.endswith("."), f"the first line should be a sentence: {first!r}"
    assert not first.startswith(f"{name}("), "the docstring was made by dataclass"


@pytest.mark.parametrize("name", PUBLIC)
def test_public_members_and_parameters_are_documented(name):
    found = getattr(lrscope, name)
    members = vars(found) if inspect.isclass(found) else {name: found}
    bare = [
        key
        for key, value in members.items()
        if not key.startswith("_")
        and (inspect.isroutine(value) or isinstance(value, property))
        and not inspect.getdoc(value)
    ]
    assert not bare


def test_a_name_that_does_not_exist_is_an_attribute_error_that_names_it():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = lrscope.nonsense


def test_every_error_has_one_ancestor_and_is_in_the_picture_of_the_tree():
    from lrscope import errors

    own = [each for each in vars(errors).values() if inspect.isclass(each)]
    assert all(issubclass(each, lrscope.LrscopeError) for each in own)
    assert all(each.__name__ in (errors.__doc__ or "") for each in own)
