"""Command: a command line that is fit to be written down."""

from __future__ import annotations

import re

TYPE_CHECKING = False  # see `lrscope.recording.opening`
if TYPE_CHECKING:
    from collections.abc import Sequence

_SECRET = re.compile(
    r"(?i)(^|[-_.])(token|secret|password|passwd|pass|pwd|credential|credentials|auth|"
    r"key|apikey|api[-_]?key)s?$"
)
_SHAPES = re.compile(
    r"\b(sk-|hf_|ghp_|gho_|github_pat_|xox[abp]-|AKIA)\w{8,}|://[^/\s:@]+:[^/\s@]+@"
)
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
        elif equals and _SECRET.search(name):
            shown.append(f"{name}={HIDDEN}")
        elif _SHAPES.search(argument):
            shown.append(HIDDEN)
        else:
            shown.append(argument)
        hide_next = (
            not equals and argument.startswith("-") and bool(_SECRET.search(name))
        )
    return shown
