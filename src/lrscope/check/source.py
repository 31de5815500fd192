"""Source: the text of a file of Python or of a notebook, with its comments."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lrscope.audit.comments import comments_in

if TYPE_CHECKING:
    from pathlib import Path


LIBRARIES = ("torch", "transformers", "diffusers")
KEEPING = frozenset({"time", "timeit", "capture", "prun"})
"""Cell magics that run the cell as it is."""
IDLE = re.compile(
    r"!|%(pip|conda|matplotlib|load_ext|reload_ext|autoreload|cd|env|config|tensorboard)\b"
)
"""Magic lines that do nothing to the names of a notebook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is read of one file.

    Attributes:
        path: of the file, as it was given.
        module: its syntax.
        comments: its comments about lrscope, by line.
        cells: of a notebook, in which line of all code each cell begins, from 1.
        is_whole: nothing was left out, such as a magic line.
        is_about_training: a library whose schedulers are known is named somewhere.
    """

    path: str
    module: ast.Module
    comments: dict[int, str]
    cells: dict[int, int] = field(default_factory=dict)
    is_whole: bool = True
    is_about_training: bool = True

    def place(self, line: int) -> tuple[int | None, int]:
        """Return the cell of a line, from 1, and the line in it."""
        found = [each for each in self.cells.items() if each[1] <= line]
        if not found:
            return None, line
        cell, first = found[-1]
        return cell, line - first + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file that cannot be judged, and why.

    Attributes:
        path: of the file.
        reason: why, in one line.
    """

    path: str
    reason: str


def read_source(path: Path) -> Source | Unreadable:
    """Read a file of Python, or the code of a notebook if its name ends in .ipynb."""
    try:
        content = path.read_bytes()
        if path.suffix == ".ipynb":
            return _notebook(str(path), content)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return source_of(content.decode(encoding), str(path))
    except OSError as error:
        return Unreadable(path=str(path), reason=f"cannot be read: {error.strerror}")
    except (LookupError, SyntaxError, ValueError) as error:
        return Unreadable(path=str(path), reason=f"cannot be read as text: {error}")


def source_of(
    text: str,
    path: str = "<string>",
    cells: dict[int, int] | None = None,
    *,
    is_whole: bool = True,
) -> Source | Unreadable:
    """Return the source in a text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python thinks of "\d" is not ours
            module = ast.parse(text)
    except SyntaxError as error:
        where = f"{path}:{error.lineno}" if error.lineno else path
        return Unreadable(path=where, reason=f"is not Python: {error.msg}")
    except (ValueError, MemoryError, RecursionError) as error:
        return Unreadable(path=path, reason=f"is not Python: {error}")
    return Source(
        path=path,
        module=module,
        comments=comments_in(text),
        cells=cells or {},
        is_whole=is_whole,
        is_about_training=any(each in text for each in LIBRARIES),
    )


def _notebook(path: str, content: bytes) -> Source | Unreadable:
    try:
        cells = json.loads(content)["cells"]
        codes = [
            (number, "".join(each["source"]))
            for number, each in enumerate(cells, start=1)
            if each["cell_type"] == "code"
        ]
    except (ValueError, LookupError, TypeError, RecursionError):
        return Unreadable(path=path, reason="is no notebook of format 4")
    lines: list[str] = []
    starts: dict[int, int] = {}
    is_whole = True
    for number, code in codes:
        starts[number] = len(lines) + 1
        plain, all_of_it = _without_magic(code)
        lines += plain
        is_whole = is_whole and all_of_it
    return source_of("\n".join(lines) + "\n", path, starts, is_whole=is_whole)


def _without_magic(code: str) -> tuple[list[str], bool]:
    """Return a cell's lines of Python, and whether all that matters is in them."""
    lines = code.splitlines()
    is_whole = True
    first = lines[0].lstrip() if lines else ""
    if first.startswith("%%"):
        words = first[2:].split()
        if words[:1] and words[0] in KEEPING:
            lines[0] = ""
            is_whole = len(words) == 1 or words[0] == "capture"
        else:
            return [""] * len(lines), False
    for number, line in enumerate(lines):
        bare = line.lstrip()
        if bare.startswith(("%", "!")) or bare.endswith("?"):
            lines[number] = line[: len(line) - len(bare)] + "pass"
            is_whole = is_whole and bool(IDLE.match(bare) or bare.endswith("?"))
    return lines, is_whole
