"""What is drawn has axes that a person would have chosen."""

from __future__ import annotations

import re

import pytest

from lrscope.report.curves import Curve, in_terminal


@pytest.mark.parametrize(
    ("values", "highest"),
    [
        ((8.0, 5.0, 3.0, 1.0, -0.7), "8.8"),  # 0.8 is no sum of powers of two
        ((3.0, 1.0, -0.3, -0.25), "4.4"),
        ((0.0, 0.0, 0.0), "1.2"),
        ((1e-5, 2e-5), "2.4e-05"),
    ],
)
def test_ticks_are_round_numbers_and_one_is_zero(values, highest):
    curve = Curve("loss", tuple(range(len(values))), values)
    drawn = in_terminal([curve], 80, color=False, label="loss", along="step")
    ticks = re.findall(r"^ *(\S+) \|", drawn, re.MULTILINE)
    assert "0" in ticks
    assert not [each for each in ticks if "e-1" in each]
    assert ticks[0] == highest
