"""Reading: whether the program's own source reads a key of a group."""

from __future__ import annotations

import ast
import math
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lrscope.audit.facts.site import site_of, sites_of
from lrscope.audit.facts.source import tree_of

if TYPE_CHECKING:
    from lrscope.audit.facts.optimizer import Optimizer


def reads_key(optimizer: Optimizer, key: str) -> bool:
    """Say whether a line of the program takes a key out of something.

    Looked for in the files that the recording names and those beside them; what
    cannot be read is taken to read nothing.
    """
    process = optimizer.training.process
    files = {file for file, _ in optimizer.where}
    for item in process.history.items("rate_written").values():
        files |= {file for file, _ in sites_of(item)}
    for kind in ("scheduler_stepped", "pass_began"):
        sites = map(site_of, process.history.items(kind).values())
        files |= {site[0] for site in sites if site}
    beside = {
        str(path)
        for folder in {Path(file).parent for file in files}
        for path in sorted(folder.glob("*.py"))[:50]
        if "site-packages" not in str(path)
    }
    return any(key in _keys_read(file) for file in files | beside)


_SETTINGS = re.compile(
    r"cfg|conf|config|args|opts?|options|hparams?|hp|settings", re.IGNORECASE
)
"""Names of what holds the settings of a program; a group is made from them."""


def _is_of_settings(node: ast.expr) -> bool:
    name = getattr(node, "attr", getattr(node, "id", ""))
    return bool(_SETTINGS.fullmatch(str(name)))


@lru_cache(maxsize=256)
def _keys_read(file: str) -> frozenset[str]:
    """Return the texts by which a file takes something out of a mapping."""
    tree = tree_of(file, math.inf)
    found = set()
    for node in ast.walk(tree) if tree else ():
        key: ast.expr | None = None
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            key = None if _is_of_settings(node.value) else node.slice
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"get", "pop"}
            and node.args
            and not _is_of_settings(node.func.value)
        ):
            key = node.args[0]
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            found.add(key.value)
    return frozenset(found)
