"""Every notice has its place in the documentation, and every place its notice."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_slugs_of_notices_are_the_anchors_of_the_page():
    said = set()
    for path in (ROOT / "src/lrscope/driver").glob("*.py"):
        said |= set(re.findall(r'notice\(\s*"([a-z-]+)"', path.read_text("utf-8")))
    page = (ROOT / "docs/driver.md").read_text("utf-8")
    assert said == set(re.findall(r"^### ([a-z-]+)$", page, re.MULTILINE))
    assert len(said) == 6
