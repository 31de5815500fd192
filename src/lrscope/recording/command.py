"""Command: a command line that is fit to be written down."""

from __future__ import annotations

import re

TYPE_CHECKING = False  # see `lrscope.recording.opening`
if TYPE_CHECKING:
    from collections.abc import Sequence

_OPTION = (
    r"(?i)(^|[-_.])(token|secret|password|passwd|pass|pwd|credential|credentials|auth|"
    r"key|apikey|api[-_]?key)s?$"
)
"""The name of an option whose value is not written down."""

_SHAPES = (
    r"\b(sk-|hf_|ghp_|gho_|github_pat_|xox[abp]-|AKIA)\w{8,}|://[^/\s:@]+:[^/\s@]+@"
)
_MARKS = ("sk-", "hf_", "ghp_", "gho_", "github_pat_", "xox", "AKIA", "://")
"""One of these is in each such argument; most have none, and need no pattern made."""

HIDDEN = "…"


def without_secrets(arguments: Sequence[str]) -> list[str]:
    """Return ``arguments`` with the values of secret-looking options hidden.

    Example:
        >>> without_secrets(["train.py", "--api-key", "abc", "--token=x", "--lr=1"])
        ['train.py', '--api-key', '…', '--token=…', '--lr=1']
    """
    shown = []
    hide_next = False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if hide_next and not argument.startswith("-"):
            shown.append(HIDDEN)
        elif equals and re.search(_OPTION, name):
            shown.append(f"{name}={HIDDEN}")
        elif any(mark in argument for mark in _MARKS) and re.search(_SHAPES, argument):
            shown.append(HIDDEN)
        else:
            shown.append(argument)
        hide_next = (
            not equals and argument.startswith("-") and bool(re.search(_OPTION, name))
        )
    return shown
