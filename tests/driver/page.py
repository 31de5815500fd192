"""The examples of docs/driver.md, so that tests can run what the page shows."""

from __future__ import annotations

import re
from pathlib import Path

PATH = Path(__file__).parents[2] / "docs/driver.md"
TEXT = PATH.read_text("utf-8")
SECTIONS = dict(re.findall(r"^##+ (.+)\n([^#]*(?:\n(?!##).*)*)", TEXT, re.MULTILINE))


def examples(heading):
    """Return the Python blocks under a heading of the page."""
    found = re.findall(
        r"^```python\n(.*?)^```", SECTIONS[heading], re.MULTILINE | re.DOTALL
    )
    assert found, f"there is no example under {heading!r}"
    return found


def all_examples(language=r"\w+"):
    """Return every block of code of the page, or those in one language."""
    return re.findall(rf"^```(?:{language})\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def run(heading, **names):
    """Run the examples under a heading, one after another; return their names."""
    for number, each in enumerate(examples(heading), 1):
        exec(compile(each, f"{heading}, example {number}", "exec"), names)
    return names
