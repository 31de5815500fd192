"""``lrscope preview train.py:name``: what a file may make, and what it says if not."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

FILE = """
import torch
import lrscope
from lrscope import cosine, linear, warmup
from torch.optim import SGD, AdamW, lr_scheduler

PLAN = warmup(10) >> cosine(90)

def optimizer(lr=0.1):
    return SGD([
        {"params": [torch.zeros(1)], "lr": lr, "name": "body"},
        {"params": [torch.zeros(1)], "lr": 10 * lr, "name": "head"},
    ], lr=lr)

def plan():
    return PLAN

def make_scheduler(optimizer):
    return lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)

def own():
    return lr_scheduler.StepLR(optimizer(), 5)

def nameless():
    groups = [{"params": [torch.zeros(1)], "lr": each} for each in (0.1, 0.2)]
    return lr_scheduler.StepLR(SGD(groups, lr=0.1), 5)

def alone():
    return lr_scheduler.StepLR(SGD([torch.zeros(1)], lr=0.1), 5)

def mapping():
    return {"head": linear(10), "body": cosine(20)}

def all_others():
    return {"head": linear(10), ...: PLAN, "frozen": None}

def driver():
    return lrscope.drive(optimizer(), {"head": linear(10), ...: PLAN})

def rates():
    return cosine(10).absolute(0.1)

def one_cycle(optimizer):
    return lr_scheduler.OneCycleLR(optimizer, max_lr=0.3, total_steps=50)

def as_torch():
    return lrscope.as_torch({"head": linear(10), ...: PLAN}, optimizer())

def pair():
    found = optimizer()
    return found, lr_scheduler.StepLR(found, 5)

def pair_of_ours():
    return optimizer(), {"head": linear(10), ...: PLAN}

def lightning():
    found = optimizer()
    scheduler = lr_scheduler.StepLR(found, 5)
    return {"optimizer": found, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

def lightning_epochs():
    found = optimizer()
    return {"optimizer": found, "lr_scheduler": lr_scheduler.StepLR(found, 5)}

def lightning_every_third():
    found = optimizer()
    config = {"scheduler": lr_scheduler.StepLR(found, 5), "interval": "step", "frequency": 3}
    return {"optimizer": found, "lr_scheduler": config}

def lightning_lists():
    one, other = optimizer(), AdamW([torch.zeros(1)], lr=1e-3)
    return [one, other], [
        {"scheduler": lr_scheduler.StepLR(one, 5), "interval": "step"},
        lr_scheduler.LinearLR(other),
    ]

def slow_cosine():
    found = optimizer()
    config = {"scheduler": lr_scheduler.CosineAnnealingLR(found, 20), "interval": "step", "frequency": 3}
    return {"optimizer": found, "lr_scheduler": config}

def resumed():
    found = optimizer()
    found.param_groups[0]["initial_lr"] = 0.5
    return lrscope.drive(found, PLAN)

def gan():
    return [own(), alone(), PLAN]

def lightning_without():
    return {"optimizer": optimizer()}

def lightning_odd():
    return {"optimizer": optimizer(), "lr_scheduler": {"scheduler": own(), "interval": "week"}}

def optimizer_alone():
    return optimizer()

def odd_mapping():
    return {0: linear(10)}

def empty():
    return {}

def none():
    return []

def wrong_group():
    return optimizer(), {"tail": linear(10), ...: PLAN}

def no_rate():
    return lrscope.drive(optimizer(), weight_decay=linear(10).absolute(0.1))

def make_lambda(optimizer):
    return lr_scheduler.LambdaLR(optimizer, lambda step: 0.5)

def plateau():
    return lr_scheduler.ReduceLROnPlateau(optimizer())

def broken():
    raise RuntimeError("no data")

def parses():
    import argparse
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    return parser.parse_args()

def of_a_config(config):
    return cosine(config.steps)

def two(one, other):
    pass

def keyword(*, steps):
    pass

def text():
    return "cosine(10)"

class Model:
    def configure_optimizers(self):
        return pair()
"""

NAMED = {"body": 0.1, "head": 1.0}


@pytest.fixture(autouse=True)
def _file(ask, tmp_path):
    """Write the file; another stem in every folder, as each is imported."""
    (tmp_path / "train.py").write_text(FILE)


def first_rates(plans):
    return {each["name"]: each["landmarks"]["first"] for each in plans}


def stepped(lr, every=1, times=30):
    """Return the rates of a real StepLR(5), each held for some steps."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=lr)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5)
    found = []
    for _ in range(times):
        found += [optimizer.param_groups[0]["lr"]] * every
        optimizer.step()
        scheduler.step()
    return np.array(found)


def values_of(plan, count):
    curve = plan["curve"]
    assert curve["steps"] == list(range(count))
    return np.array(curve["values"])


@pytest.mark.parametrize("name", ["plan", "PLAN"])
def test_a_schedule_is_taken_from_a_name_or_a_function(plans, name):
    (found,) = plans(f"train.py:{name}")
    assert found["schedule"] == "warmup(10) >> cosine(90)"
    assert found["unit"] == "factor"


def test_a_module_is_named_with_dots_as_well(plans, tmp_path):
    (tmp_path / "some_package").mkdir()
    (tmp_path / "some_package" / "__init__.py").write_text("")
    (tmp_path / "some_package" / "plans.py").write_text(FILE)
    (found,) = plans("some_package.plans:plan")
    assert found["schedule"] == "warmup(10) >> cosine(90)"


def test_a_factory_is_given_an_optimizer_with_the_groups_of_the_command_line(plans):
    groups = ["--group", "a=0.1", "--group", "b=0.01"]
    found = plans("train.py:make_scheduler", *groups)
    assert first_rates(found) == {"a": 0.1, "b": 0.01}
    assert {each["landmarks"]["steps"] for each in found} == {100}
    assert {each["unit"] for each in found} == {"rate"}


def test_an_optimizer_without_a_rate_is_told(ask):
    assert "give --lr" in ask("train.py:make_scheduler").stderr
    assert not ask("train.py:make_scheduler", "--lr", "0.1").stderr
    assert not ask("train.py:plan").stderr


@pytest.mark.parametrize(
    "name", ["own", "driver", "as_torch", "pair", "pair_of_ours", "lightning"]
)
def test_names_and_rates_of_a_factorys_own_optimizer_survive(plans, name):
    found = plans(f"train.py:{name}", "--steps", "30")
    assert len(found) == len(NAMED)
    assert {each["unit"] for each in found} == {"rate"}
    peaks = {each["name"]: each["landmarks"]["peak"] for each in found}
    assert peaks == pytest.approx(NAMED)


@pytest.mark.parametrize("name", ["driver", "as_torch", "pair_of_ours"])
def test_each_group_has_its_own_plan(plans, name):
    lengths = {
        each["name"]: each["landmarks"]["length"] for each in plans(f"train.py:{name}")
    }
    assert lengths == {"body": 100, "head": 10}


def test_the_only_group_of_an_optimizer_needs_no_name(plans):
    (found,) = plans("train.py:alone", "--steps", "30")
    assert found["name"] == "train.py:alone"
    assert values_of(found, 30) == pytest.approx(stepped(0.1))


def test_groups_without_names_are_numbered(plans):
    assert first_rates(plans("train.py:nameless")) == {"group0": 0.1, "group1": 0.2}


def test_a_mapping_gives_each_group_its_plan(plans):
    found = plans("train.py:mapping")
    assert [(each["name"], each["schedule"]) for each in found] == [
        ("head", "linear(10)"),
        ("body", "cosine(20)"),
    ]
    found = plans("train.py:mapping", "--group", "body=0.1", "--group", "head=1")
    assert first_rates(found) == {"head": 1.0, "body": 0.1}
    assert {
        each["landmarks"]["peak"] for each in plans("train.py:mapping", "--lr", "2")
    } == {2}


def test_dots_in_a_mapping_are_all_other_groups_and_none_leaves_a_group_alone(plans):
    groups = [f"--group={name}=0.1" for name in ("head", "neck", "body", "frozen")]
    found = plans("train.py:all_others", *groups)
    assert {each["name"]: each["schedule"] for each in found} == {
        "head": "linear(10)",
        "neck": "warmup(10) >> cosine(90)",
        "body": "warmup(10) >> cosine(90)",
        "frozen": "constant()",
    }


def test_the_interval_of_lightning_is_an_epoch_unless_it_says_otherwise(plans, preview):
    clock = ["--clock", "steps_per_epoch=7"]
    body, _ = plans("train.py:lightning_epochs", *clock, "--steps", "70")
    assert values_of(body, 70) == pytest.approx(stepped(0.1, every=7, times=10))
    said = preview("train.py:lightning_epochs", code=2)
    assert "stepped once an epoch" in said
    assert "--clock steps_per_epoch" in said
    (body, _) = plans("train.py:lightning_every_third", "--steps", "30")
    assert values_of(body, 30) == pytest.approx(stepped(0.1, every=3, times=10))


def test_a_scheduler_that_is_stepped_every_third_update_is_shown_to_its_end(plans):
    for each in plans("train.py:slow_cosine"):
        assert each["landmarks"]["steps"] == 60
        assert "climbs-after-T_max" not in each["cautions"]


def test_the_base_of_a_driver_is_what_it_multiplies(plans):
    peaks = {
        each["name"]: each["landmarks"]["peak"] for each in plans("train.py:resumed")
    }
    assert peaks == {"body": 0.5, "head": 1.0}


def test_a_rate_beside_an_optimizer_with_its_own_is_refused(preview):
    said = preview("train.py:own", "--lr", "0.5", code=2)
    assert "train.py:own has rates of its own; leave --lr out" in said


def test_two_lists_of_lightning_are_optimizers_and_their_schedulers(plans):
    clock = ["--clock", "steps_per_epoch=2"]
    found = plans("train.py:lightning_lists", *clock, "--steps", "30")
    assert [each["name"] for each in found] == [
        "body",
        "head",
        "train.py:lightning_lists[1]",
    ]
    assert values_of(found[0], 30) == pytest.approx(stepped(0.1))
    values = values_of(found[2], 30)
    assert (values[0::2] == values[1::2]).all()


def test_a_list_is_drawn_one_by_one(plans):
    found = plans("train.py:gan", "--lr", "0.5", "--steps", "30")
    assert [each["name"] for each in found] == [
        "body",
        "head",
        "train.py:gan[1]",
        "train.py:gan[2]",
    ]
    assert found[3]["landmarks"]["peak"] == 0.5


def test_a_group_of_a_factory_is_chosen_by_name(plans, preview):
    (found,) = plans("head=train.py:own")
    assert found["name"] == "head"
    assert "there are 'body', 'head'" in preview("tail=train.py:own", code=2)


def test_a_plan_that_raises_past_its_end_is_shown_as_far_as_it_goes(plans):
    for each in plans("train.py:one_cycle", "--lr", "0.1", "--steps", "80"):
        marks = each["landmarks"]
        assert "step 51 raises ValueError" in each["cautions"]["raises-past-its-end"]
        assert (marks["steps"], marks["final"]) == (51, None)
        assert max(each["curve"]["steps"]) == max(dict(each["table"])) == 50


def test_what_raises_past_its_end_holds_nothing_in_a_run_that_fits_either(plans):
    (found,) = plans("train.py:one_cycle", "--lr", "0.1", "--steps", "50")
    assert (found["landmarks"]["steps"], found["landmarks"]["final"]) == (50, None)


def test_a_warning_has_a_name_if_there_is_a_rule_of_that_name(preview):
    shown = preview("train.py:one_cycle", "--lr", "0.1", "--steps", "80")
    assert "warning  step 51 raises ValueError" in shown
    assert "raises-past-its-end" not in shown


def test_a_quirk_of_a_scheduler_is_told_where_the_run_gets_to_it(plans):
    (short,) = plans("train.py:make_scheduler", "--steps", "100")
    (long,) = plans("train.py:make_scheduler", "--steps", "150")
    assert "climbs-after-T_max" not in short["cautions"]
    assert "climbs-after-T_max" in long["cautions"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("make_lambda", "lambda"),
        ("plateau", "metric"),
        ("broken", "RuntimeError: no data"),
        ("parses", "raised SystemExit"),
        ("of_a_config", "it was given an optimizer"),
        ("two", "needs one, other; a factory takes nothing or an optimizer"),
        ("keyword", "needs steps"),
        ("text", "got 'cosine(10)'"),
        ("absent", "this file has: "),
        ("Model.configure_optimizers", "is a method"),
        ("lightning_without", "without a scheduler"),
        ("lightning_odd", "got 'week'"),
        ("optimizer_alone", "has no plan"),
        ("odd_mapping", "names of groups"),
        ("empty", "empty mapping"),
        ("none", "got []"),
        ("wrong_group", "group 'tail'"),
        ("no_rate", "no group's lr"),
    ],
)
def test_what_cannot_be_used_says_why(preview, name, words):
    said = preview(f"train.py:{name}", "--lr", "0.1", code=2)
    assert words in said
    assert len(said.splitlines()) == 1 or name == "parses"


def test_a_file_that_cannot_be_imported_says_why(preview, tmp_path):
    (tmp_path / "no_torch.py").write_text("def make(optimizer): ...")
    (tmp_path / "bad.py").write_text("import sys\nsys.exit('usage: bad.py DATA')")
    assert "__main__" in preview("bad.py:make", code=2)
    assert "there is no file 'nothing.py'" in preview("nothing.py:make", code=2)
    assert "no_such_module" in preview("no_such_module:make", code=2)


def test_a_file_runs_once_without_our_arguments_and_prints_beside_the_plan(
    ask, tmp_path
):
    (tmp_path / "loud.py").write_text(
        "import sys\nfrom lrscope import cosine\nprint('loading', sys.argv)\n"
        "def one():\n    print('making')\n    return cosine(10)\ntwo = cosine(20)\n"
    )
    done = ask("loud.py:one", "loud.py:two", "--json")
    assert len(json.loads(done.stdout)["plans"]) == 2
    assert done.stderr == "loading ['loud.py']\nmaking\n"
