"""Ignores: which rules a project does not want to hear of, and why."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

from lrscope.errors import UsageError

CODE = re.compile(r"LR\d{3}")


def ignored_rules(start: Path | None = None) -> dict[str, str]:
    """Return the rules that pyproject.toml lists as ignored, and the reason of each.

    They are written by code or by name, in either form::

        [tool.lrscope.ignore]
        sched-before-optimizer = "timm sets the rate at the start of an epoch"

        [tool.lrscope]
        LR101 = "timm sets the rate at the start of an epoch"

    Args:
        start: the folder to begin in; the closest pyproject.toml in it or above it
            counts. By default the current folder.

    Returns:
        reasons by what was written, code or name; whether such a rule exists is not
        looked at. Empty if there is no pyproject.toml or nothing in it.

    Raises:
        UsageError: the file cannot be read, or a reason is missing.

    Example:
        >>> ignored_rules(Path("/"))
        {}
    """
    here = (start or Path()).resolve()
    for folder in (here, *here.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            return _listed(path)
    return {}


def _listed(path: Path) -> dict[str, str]:
    try:
        settings: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read: {error}"
        raise UsageError(msg) from error
    ours = settings.get("tool", {}).get("lrscope", {})
    listed = ours.get("ignore", {}) if isinstance(ours, dict) else ours
    if not isinstance(listed, dict):
        msg = f'{path}: tool.lrscope.ignore needs lines such as LR101 = "why", '
        msg += f"got {listed!r}"
        raise UsageError(msg)
    direct = {key: value for key, value in ours.items() if CODE.fullmatch(key)}
    reasons = {**direct, **listed}
    for rule, reason in reasons.items():
        if not isinstance(reason, str) or not reason.strip():
            msg = f"{path}: ignoring {rule} needs a reason in words, got {reason!r}"
            raise UsageError(msg)
    return reasons
