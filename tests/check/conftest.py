"""Programs to check, said in a few lines."""

from __future__ import annotations

from textwrap import dedent

import pytest

from lrscope.check.check import check_source
from lrscope.check.source import source_of

HEAD = """
import torch
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import (
    ChainedScheduler, ConstantLR, CosineAnnealingLR, CosineAnnealingWarmRestarts,
    CyclicLR, ExponentialLR, LambdaLR, LinearLR, MultiStepLR, OneCycleLR,
    PolynomialLR, ReduceLROnPlateau, SequentialLR, StepLR,
)
from transformers import get_linear_schedule_with_warmup
model = nn.Linear(1, 1)
"""


@pytest.fixture
def found():
    """Return the names of the rules that a program breaks, with torch imported."""

    def check(code, head=HEAD):
        source = source_of(head + dedent(code))
        findings, wrong = check_source(source)
        assert not wrong
        return [each.name for each in findings if each.ignored is None]

    return check
