"""What a recorded loss adds to a rate that falls too fast."""

from __future__ import annotations

import pytest

from audit.building import recorded
from audit.movement.stories import FAST, stalling
from audit.verdict import audited


def finding(path, story):
    (found,) = audited(recorded(path, **story)).findings
    assert found.name == "lr-decays-too-fast"
    return found


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"loss": stalling()}, "loss"),
        ({"logged": {"val_loss": stalling()}}, "val_loss"),
    ],
)
def test_a_loss_that_stalled_is_told_with_its_numbers(tmp_path, told, name):
    found = finding(tmp_path, {**FAST, **told})
    assert f"until then the {name} fell from" in found.message
    assert "stalled (2.01 at the end)" in found.message
    before, tenth, end = (
        found.evidence[f"loss_at_{each}"] for each in ("peak", "a_tenth", "end")
    )
    assert before > tenth > end
    assert tenth - end < 0.1 * (before - tenth)


@pytest.mark.parametrize(
    "told", [{}, {"loss": lambda _: float("nan")}, {"logged": {"speed": stalling()}}]
)
def test_without_a_loss_the_rate_alone_is_judged(tmp_path, told):
    found = finding(tmp_path, {**FAST, **told})
    assert "fell from" not in found.message
    assert "loss" not in found.evidence


def test_the_own_loss_goes_before_what_is_logged(tmp_path):
    both = {"loss": stalling(), "logged": {"val_loss": lambda call: -call}}
    assert finding(tmp_path, {**FAST, **both}).evidence["loss"] == "loss"
