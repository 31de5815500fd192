"""Notices: what a driver says once. Each has a slug that docs/driver.md explains."""

from __future__ import annotations

import sys
import warnings

from lrscope.sites import calling, user_frames


class DriverWarning(UserWarning):
    """Something that a driver carries on with but that you should know."""


def notice(slug: str, text: str) -> None:
    """Warn, with the slug to look up, at the line of the user's program.

    That is the nearest one that is not installed, else the nearest one that is
    neither torch's nor lrscope's. A ``stacklevel`` would count frames of both.
    """
    here = sys._getframe(1)
    frame = next(iter(user_frames(here, most=1)), None) or calling(here) or here
    warnings.warn_explicit(
        f"[{slug}] {text}",
        DriverWarning,
        frame.f_code.co_filename,
        frame.f_lineno,
        module=frame.f_globals.get("__name__"),
        registry=frame.f_globals.setdefault("__warningregistry__", {}),
    )
