"""Inside Lightning, which steps the scheduler itself."""

from __future__ import annotations

import logging
import warnings

import pytest
import torch

import lrscope

from .page import run
from .training import PLAN, seen

BATCHES, ACCUMULATED = 12, 2
STEPS = 2 * BATCHES // ACCUMULATED
RATES = [[0.1 * PLAN(step)] for step in range(STEPS)]


@pytest.fixture
def lightning():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it says of itself
        found = pytest.importorskip("lightning")
        logging.getLogger("lightning").setLevel(logging.ERROR)
        yield found


@pytest.fixture(params=["as_torch", "drive"])
def module(request, lightning):
    """Return the class that the page shows, with a model and data."""
    heading = (
        f"Lightning, {'with' if request.param == 'as_torch' else 'without'} a scheduler"
    )
    shown = run(heading, L=lightning, lrscope=lrscope, torch=torch, schedule=PLAN)

    class Module(shown["Model"]):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Linear(1, 1)
            self.used = []

        def training_step(self, batch):
            return self.weight(batch).square().mean()

        def train_dataloader(self):
            return torch.utils.data.DataLoader(torch.ones(BATCHES, 1))

        def configure_optimizers(self):
            found = super().configure_optimizers()
            optimizer = found["optimizer"] if isinstance(found, dict) else found
            self.used = seen(optimizer)
            return found

    return Module


@pytest.fixture
def trainer(lightning, tmp_path):
    def made(epochs, **arguments):
        return lightning.Trainer(
            accelerator="cpu",
            accumulate_grad_batches=ACCUMULATED,
            default_root_dir=tmp_path,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=False,
            logger=False,
            max_epochs=epochs,
            **arguments,
        )

    return made


def test_every_update_is_made_at_the_rate_of_its_step(module, trainer):
    model = module()
    trainer(2).fit(model)
    assert model.used == RATES


@pytest.mark.parametrize("stop", [{}, {"max_steps": 4}], ids=["epoch", "step"])
def test_a_resumed_training_goes_on_with_the_rates(module, trainer, tmp_path, stop):
    first, second = module(), module()
    before = trainer(1, **stop)
    before.fit(first)
    before.save_checkpoint(tmp_path / "last.ckpt")
    trainer(2).fit(second, ckpt_path=tmp_path / "last.ckpt")
    rates = first.used + second.used
    left_out = STEPS // 2 - len(first.used)  # what it was stopped in, is over for it
    assert rates == RATES[: STEPS - left_out]
