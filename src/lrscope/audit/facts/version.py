"""Version: which torch a process ran with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrscope.audit.facts.training import Training


def torch_version(training: Training) -> tuple[int, int] | None:
    """Return major and minor version of torch; None if it was not recorded."""
    found = re.match(r"(\d+)\.(\d+)", str(training.torch))
    return (int(found[1]), int(found[2])) if found else None
