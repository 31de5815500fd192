"""Runs the torch-free half in a Python where torch cannot be imported.

python wall.py RUN
"""

import importlib
import pkgutil
import sys

TORCH_FREE = (
    "audit",
    "check",
    "cli",
    "errors",
    "group_names",
    "listeners",
    "recording",
    "report",
    "schedules",
    "sites",
)


class Wall:
    """Lets nobody import torch."""

    def find_spec(self, name, path=None, target=None):
        del path, target
        if name.partition(".")[0] == "torch":
            msg = f"{name} was imported on the torch-free side"
            raise AssertionError(msg)


def everything_torch_free():
    import lrscope

    for each in pkgutil.walk_packages(lrscope.__path__, "lrscope."):
        if each.name.split(".")[1] in TORCH_FREE:
            yield each.name


sys.meta_path.insert(0, Wall())
for name in everything_torch_free():
    print(importlib.import_module(name).__name__)

from lrscope.cli.main import main  # noqa: E402

sys.argv = ["lrscope", "show", sys.argv[1]]
try:
    main()
finally:
    assert "torch" not in sys.modules
