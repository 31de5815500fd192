"""Sites: the lines of a program that a recording names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Site = tuple[str, int]
"""A file and a line in it, from 1."""

Sites = tuple[Site, ...]


def site_of(told: Mapping[str, Any]) -> Site | None:
    """Return the line that an item or an error names; None if it names none.

    Where a library stands between, its caller in the program counts.
    """
    place = told.get("from") or told.get("where")
    return (str(place[0]), int(place[1])) if place else None


def sites_of(told: Mapping[str, Any]) -> Sites:
    """Return the lines that an item of a rate written by hand names."""
    return tuple((str(file), int(line)) for file, line in told.get("where") or ())


def distinct(*sites: Site | None) -> Sites:
    """Return the sites that are known, each once, in order."""
    return tuple(dict.fromkeys(each for each in sites if each))
