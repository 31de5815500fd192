"""A finding of ownership points at the line to change."""

from __future__ import annotations

from .stories import FIRES
from .training import judged


def test_evidence_names_the_line_that_adds_the_group(tmp_path):
    story = FIRES["group-added-after-scheduler"]["linear"]
    (found,) = [f for f in judged(tmp_path / "run", story).findings if f.severity > 1]
    assert found.where[0][0].endswith("stories.py")
    assert found.group == "group1"
    assert found.steps[0] == 20
