"""When a file wants to grow, a noun is missing."""

from __future__ import annotations

from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "lrscope"
MOST_LINES = 250


def test_no_source_file_is_longer_than_it_may_be():
    lengths = {
        path.relative_to(SOURCE).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in SOURCE.rglob("*.py")
    }
    too_long = {name: lines for name, lines in lengths.items() if lines > MOST_LINES}
    assert not too_long, f"{MOST_LINES} lines allowed"
