"""Letters: what stands for characters that a terminal cannot show."""

from __future__ import annotations

import codecs

TYPE_CHECKING = False  # see `lrscope.cli.trial`
if TYPE_CHECKING:
    from typing import TextIO

NAME = "lrscope.letters"

BLANK, LAST = 0x2800, 0x28FF
"""Braille, with which curves are drawn: a character without dots, and the last one."""

ALIKE = {
    "–": "-", "—": "-", "−": "-", "…": "~", "·": "|", "×": "x", "±": "+-", "→": ">",
    "‖": "|", "⟨": "<", "⟩": ">", "≥": ">=", "≤": "<=", "√": "sqrt ", "Δ": "d",
    "─": "-", "▔": "-",
}  # fmt: skip


def fit(*streams: TextIO) -> None:
    """Have streams write something alike where they lack a character, not fail."""
    codecs.register_error(NAME, _instead)
    for stream in streams:
        encoding = getattr(stream, "encoding", None) or "utf-8"
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and not encoding.lower().startswith("utf"):
            reconfigure(errors=NAME)


def _instead(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(map(_like, letters)), error.end


def _like(letter: str) -> str:
    if BLANK <= ord(letter) <= LAST:
        return "*" if ord(letter) > BLANK else " "
    return ALIKE.get(letter, "?")
