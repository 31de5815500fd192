"""The examples in docstrings and on the page run as they are shown."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest
import torch

import lrscope
from lrscope import driver

from . import page

MODULES = [
    each.name for each in pkgutil.iter_modules(driver.__path__, "lrscope.driver.")
]


@pytest.mark.parametrize("name", [*MODULES, "lrscope.group_names"])
def test_every_example_of_a_module_runs(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_public_method_has_an_example_in_the_class_and_on_the_page():
    for name, each in vars(lrscope.Driver).items():
        if not name.startswith("_") and (inspect.isfunction(each) or name == "step"):
            assert f"driver.{name}" in lrscope.Driver.__doc__, name
            assert any(f"driver.{name}" in found for found in page.all_examples()), name


def test_the_page_runs_from_top_to_bottom():
    model = torch.nn.Linear(1, 1)
    names = {
        "batches": [torch.ones(1, 1)] * 20,
        "lrscope": lrscope,
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "torch": torch,
    }
    exec(page.all_examples("python")[0], names)
    text = "\n".join(page.all_examples("pycon"))
    parser = doctest.DocTestParser()
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(parser.get_doctest(text, names, "docs/driver.md", None, None))
    assert runner.tries > 20
    assert runner.failures == 0
