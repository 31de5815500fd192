"""Inside the Trainer of transformers, which steps the scheduler itself."""

from __future__ import annotations

import warnings

import pytest
import torch

import lrscope

from .page import run
from .training import PLAN, seen

EXAMPLES, ACCUMULATED = 12, 2
STEPS = 2 * EXAMPLES // ACCUMULATED


@pytest.fixture
def transformers():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it says of itself
        found = pytest.importorskip("transformers")
        pytest.importorskip("accelerate")
        yield found


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Linear(1, 1)

    def forward(self, x):
        return {"loss": self.weight(x).square().mean()}


@pytest.fixture
def train(transformers, tmp_path):
    """Return a function that trains as the page shows and returns the rates."""

    def trained(heading, schedule, **arguments):
        settings = transformers.TrainingArguments(
            output_dir=str(tmp_path),
            disable_tqdm=True,
            gradient_accumulation_steps=ACCUMULATED,
            num_train_epochs=2,
            per_device_train_batch_size=1,
            report_to="none",
            save_strategy="steps",
            save_steps=4,
            use_cpu=True,
        )
        model = Model()
        shown = run(
            heading,
            Trainer=transformers.Trainer,
            dataset=[{"x": torch.ones(1)}] * EXAMPLES,
            lrscope=lrscope,
            model=model,
            schedule=schedule,
            settings=settings,
            torch=torch,
        )
        trainer = shown["trainer"]
        rates = []
        make = trainer.create_optimizer

        def create_optimizer(*given):
            found = make(*given)
            rates.append(seen(found))
            return found

        trainer.create_optimizer = create_optimizer
        trainer.train(**arguments)
        return rates[0]

    return trained


YOURS = "The Trainer, with your optimizer"
ITS_OWN = "The Trainer, with its own optimizer"


@pytest.mark.parametrize(("heading", "base"), [(YOURS, 0.1), (ITS_OWN, 5e-5)])
def test_every_update_is_made_at_the_rate_of_its_step(train, heading, base):
    for plan in (PLAN, PLAN.absolute(0.3)):
        rates = train(heading, plan)
        scale = 0.3 if plan.is_rate else base
        assert [each[0] for each in rates] == [scale * PLAN(t) for t in range(STEPS)]


def test_the_number_of_steps_that_the_trainer_makes_is_known_to_units(train):
    plan = lrscope.warmup("25%") >> lrscope.cosine("75%")
    planned = plan.on(lrscope.Clock(total_steps=STEPS)).absolute()
    rates = train(ITS_OWN, plan.absolute())
    assert [each[0] for each in rates] == [planned(t) for t in range(STEPS)]


@pytest.mark.parametrize(("heading", "base"), [(YOURS, 0.1), (ITS_OWN, 5e-5)])
def test_a_resumed_training_is_the_uninterrupted_one(train, tmp_path, heading, base):
    train(heading, PLAN)
    rates = train(heading, PLAN, resume_from_checkpoint=str(tmp_path / "checkpoint-4"))
    assert [each[0] for each in rates] == [base * PLAN(t) for t in range(4, STEPS)]
