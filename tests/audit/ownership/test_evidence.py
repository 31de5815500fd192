"""A finding of ownership points at the line to change."""

from __future__ import annotations

import linecache

from torch.optim import SGD
from torch.optim.lr_scheduler import StepLR

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


def optimizers_each_pass(count):
    """Return a story whose scheduler drives an optimizer that is never stepped."""

    def story():
        model, optimizer = sgd()
        scheduler = StepLR(optimizer, 1)
        for _ in range(count):
            optimizer = SGD(model.parameters(), lr=0.1)
            train(model, optimizer, 10)
            scheduler.step()

    return story


def test_a_scheduler_without_an_optimizer_is_told_once_by_the_names_in_show(tmp_path):
    audit = judged(tmp_path / "run", optimizers_each_pass(5))
    (found,) = [f for f in audit.findings if f.severity > 1]
    assert found.name == "sched-bound-to-another-optimizer"
    assert found.evidence["updates"] == 50
    told = found.message.partition("; ")[2]
    assert told.startswith("sgd0 (test_evidence.py:")
    assert "), sgd1 (" in told
    assert ") and 3 more made 50 updates" in told


def test_a_single_one_is_called_as_in_show(tmp_path):
    audit = judged(tmp_path / "run", optimizers_each_pass(1))
    (found,) = [f for f in audit.findings if f.severity > 1]
    assert "for an optimizer that takes no step (SGD, training.py:" in found.message
    assert "; sgd (test_evidence.py:" in found.message
    assert found.steps == (0, 9)
