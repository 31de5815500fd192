"""A finding of ownership points at the line to change."""

from __future__ import annotations

import linecache

import lrscope

from .stories import FIRES
from .training import judged, sgd, train


def test_evidence_names_the_line_that_adds_the_group(tmp_path):
    story = FIRES["group-added-after-scheduler"]["linear"]
    (found,) = [f for f in judged(tmp_path / "run", story).findings if f.severity > 1]
    assert found.where[0][0].endswith("stories.py")
    assert found.group == "group1"
    assert found.steps[0] == 20


def test_what_a_driver_did_is_found_at_the_line_that_made_it(tmp_path):
    def story():
        model, optimizer = sgd()
        lrscope.drive(optimizer, lrscope.linear(10))
        train(model, optimizer, 30)

    (found,) = judged(tmp_path / "run", story).findings
    assert found.name == "schedule-shorter-than-run"
    assert [linecache.getline(*each).strip() for each in found.where] == [
        "lrscope.drive(optimizer, lrscope.linear(10))"
    ]
