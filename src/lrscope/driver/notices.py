"""Notices: what a driver says once. Each has a slug that docs/driver.md explains."""

from __future__ import annotations

import warnings


class DriverWarning(UserWarning):
    """Something that a driver carries on with but that you should know."""


def notice(slug: str, text: str, *, stacklevel: int = 3) -> None:
    """Warn, with the slug to look up."""
    warnings.warn(f"[{slug}] {text}", DriverWarning, stacklevel=stacklevel)
