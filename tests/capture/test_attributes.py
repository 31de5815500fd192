"""What objects hold is read without making a dict of it: they stay as quick as before."""

from __future__ import annotations

import gc
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler

import lrscope
from lrscope.attributes import attributes_of, values_of
from lrscope.wrapped import innermost, inside_of


def keeps_no_dict(holder: Any, attribute: str) -> bool:
    """Say whether Python keeps the attributes of an object without a dict."""
    return not any(
        isinstance(each, dict) and attribute in each
        for each in gc.get_referents(holder)
    )


class Fresh:
    def __init__(self) -> None:
        self.attribute = 1


needs_no_dict = pytest.mark.skipif(
    not keeps_no_dict(Fresh(), "attribute"), reason="this Python always keeps a dict"
)


def an_optimizer() -> torch.optim.Optimizer:
    class Own(torch.optim.AdamW):
        """A class whose objects got no other attributes in tests before."""

    return Own([torch.nn.Parameter(torch.zeros(2))], lr=0.1)


def each_scheduler(optimizer: torch.optim.Optimizer) -> list[Any]:
    made = [
        lr_scheduler.LambdaLR(optimizer, lambda _: 1.0),
        lr_scheduler.MultiplicativeLR(optimizer, lambda _: 1.0),
        lr_scheduler.StepLR(optimizer, 3),
        lr_scheduler.MultiStepLR(optimizer, [3, 4]),
        lr_scheduler.ConstantLR(optimizer),
        lr_scheduler.LinearLR(optimizer),
        lr_scheduler.ExponentialLR(optimizer, 0.9),
        lr_scheduler.PolynomialLR(optimizer),
        lr_scheduler.CosineAnnealingLR(optimizer, 3),
        lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 3),
        lr_scheduler.CyclicLR(optimizer, 0.1, 0.2, cycle_momentum=False),
        lr_scheduler.OneCycleLR(optimizer, 0.1, 10),
        lr_scheduler.ReduceLROnPlateau(optimizer),
    ]
    parts = [lr_scheduler.StepLR(optimizer, 3), lr_scheduler.ConstantLR(optimizer)]
    made.append(lr_scheduler.SequentialLR(optimizer, parts, [2]))
    made.append(lr_scheduler.ChainedScheduler(parts))
    return made


class Parent:
    default = False
    shared = 7

    def __init__(self) -> None:
        self.shared = 7
        self.number = 10**9
        self.text = "a"
        self.nothing = None

    @property
    def asked(self) -> int:
        raise AssertionError("a property was run")

    def method(self) -> Any:
        return self.asked, self.default


class Child(Parent):
    def __init__(self) -> None:
        super().__init__()
        self.mine = [self]

    def __getattr__(self, name: str) -> Any:
        msg = f"{name} was asked for"
        raise AssertionError(msg)


def test_of_every_scheduler_of_torch() -> None:
    for each in each_scheduler(an_optimizer()):
        assert attributes_of(each) == vars(each)


@needs_no_dict
def test_schedulers_of_torch_keep_no_dict() -> None:
    for each in each_scheduler(an_optimizer()):
        attributes_of(each)
        assert keeps_no_dict(each, "optimizer") or keeps_no_dict(each, "_schedulers")


@pytest.mark.parametrize("times", [1, 3])
def test_of_a_class_of_somebody(times: int) -> None:
    for _ in range(times):
        holder = Child()
        assert attributes_of(holder) == vars(holder)


def test_what_the_code_of_a_class_does_not_name_is_found_all_the_same() -> None:
    holder = Child()
    attributes_of(holder)
    setattr(holder, "from outside", 3.25)
    holder.default = True
    assert attributes_of(holder) == vars(holder)
    del holder.number
    assert attributes_of(holder) == vars(holder)


def test_of_an_object_that_has_a_dict_already() -> None:
    holder = Child()
    holder.__dict__["added"] = 1
    assert attributes_of(holder) == vars(holder)


@pytest.mark.parametrize("asked_before", [False, True])
def test_values_within_containers(asked_before: bool) -> None:
    one, two, three, four = Parent(), Parent(), Parent(), Parent()
    holder = Parent()
    holder.alone = one  # type: ignore[attr-defined]
    holder.listed = [two]  # type: ignore[attr-defined]
    holder.paired = (three,)  # type: ignore[attr-defined]
    holder.named = {"a": four}  # type: ignore[attr-defined]
    if asked_before:
        assert vars(holder)
    found = [each for each in values_of(holder) if isinstance(each, Parent)]
    assert {id(each) for each in found} >= {id(one), id(two), id(three), id(four)}


@needs_no_dict
@pytest.mark.parametrize("made_before", [False, True])
def test_a_recording_leaves_optimizer_and_scheduler_as_quick(
    made_before: bool,
    tmp_path: Any,
) -> None:
    def make() -> tuple[Any, Any]:
        optimizer = an_optimizer()
        return optimizer, lr_scheduler.CosineAnnealingLR(optimizer, 9)

    made = make() if made_before else None
    with lrscope.record(tmp_path):
        optimizer, scheduler = made or make()
        for _ in range(5):
            optimizer.zero_grad()
            optimizer.param_groups[0]["params"][0].sum().backward()
            optimizer.step()
            scheduler.step()
    assert keeps_no_dict(optimizer, "param_groups")
    assert keeps_no_dict(scheduler, "T_max")


@needs_no_dict
def test_the_five_rates_leave_optimizer_and_scheduler_as_quick() -> None:
    optimizer = an_optimizer()
    scheduler = lr_scheduler.CosineAnnealingLR(optimizer, 9)
    (group,) = lrscope.readings(optimizer, scheduler)
    assert group.planned == 0.1
    assert keeps_no_dict(optimizer, "param_groups")
    assert keeps_no_dict(scheduler, "T_max")


@needs_no_dict
def test_a_driver_leaves_its_optimizer_as_quick() -> None:
    optimizer = an_optimizer()
    driver = lrscope.drive(optimizer, lrscope.cosine(9))
    for _ in range(5):
        optimizer.zero_grad()
        optimizer.param_groups[0]["params"][0].sum().backward()
        optimizer.step()
    assert driver.step == 5
    assert keeps_no_dict(optimizer, "param_groups")


@pytest.mark.parametrize("asked_before", [False, True])
def test_the_optimizer_inside_is_found_once(asked_before: bool) -> None:
    class Around(torch.optim.Optimizer):
        def __init__(self, inside: torch.optim.Optimizer) -> None:
            self.inside = inside
            self.all = {"by list": [inside]}
            self.param_groups = inside.param_groups

    inside = an_optimizer()
    around = Around(inside)
    if asked_before:
        assert vars(around)
    assert inside_of(around) == [inside]
    assert innermost(around) is inside
