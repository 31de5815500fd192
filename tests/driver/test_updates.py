"""The driver goes on when parameters were updated, and only then."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import lrscope

from .training import PLAN, backward, held, parameter, seen, sgd, update


def test_nothing_is_written_before_the_first_step():
    optimizer = sgd(0.1, 0.2)
    before = copy.deepcopy(optimizer.state_dict())
    lrscope.drive(optimizer, PLAN)
    assert optimizer.state_dict() == before


@pytest.mark.parametrize("fused", [False, True])
@given(overflows=st.lists(st.booleans(), max_size=20))
def test_updates_that_a_grad_scaler_leaves_out_do_not_count(fused, overflows):
    weight = parameter()
    optimizer = torch.optim.SGD([weight], lr=0.1, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0, growth_interval=10**6)
    driver = lrscope.drive(optimizer, PLAN)
    moved = 0
    for overflow in overflows:
        before = weight.detach().clone()
        scaler.scale(weight.sum() * (float("inf") if overflow else 1.0)).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        if not overflow:
            assert held(optimizer) == [0.1 * PLAN(moved)]
        moved += not overflow
        assert driver.step == moved
        assert torch.equal(before, weight.detach()) == overflow


def test_without_looking_a_fused_skip_is_known_before_the_next_write():
    weight = parameter()
    optimizer = torch.optim.SGD([weight], lr=0.1, fused=True)
    lrscope.drive(optimizer, PLAN)
    rates = seen(optimizer)
    scaler = torch.amp.GradScaler("cpu")
    for factor in (1.0, float("inf"), 1.0):
        scaler.scale(weight.sum() * factor).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
    assert [each for (each,) in rates] == [0.1 * PLAN(t) for t in (0, 1, 1)]


def test_accumulated_batches_are_one_step():
    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, PLAN)
    for batch in range(12):
        backward(optimizer)
        if batch % 4 == 3:
            optimizer.step()
    assert driver.step == 3


def test_a_step_without_any_gradient_does_not_count_and_ten_of_them_are_told(notices):
    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, PLAN)
    update(optimizer, 2)
    optimizer.zero_grad()

    def idle():
        for _ in range(25):
            optimizer.step()

    assert notices(idle) == ["no-gradient"]
    assert driver.step == 2
    update(optimizer)
    assert driver.step == 3


def test_a_gradient_in_the_last_group_alone_is_enough():
    optimizer = sgd(0.1, 0.2, 0.3)
    driver = lrscope.drive(optimizer, PLAN)
    optimizer.param_groups[2]["params"][0].grad = torch.ones(2)
    optimizer.step()
    assert driver.step == 1


def test_an_optimizer_that_clears_its_gradients_in_step_is_driven():
    class Clearing(torch.optim.SGD):
        def step(self, closure=None):
            super().step(closure)
            self.zero_grad()

    optimizer = sgd(0.1, cls=Clearing)
    driver = lrscope.drive(optimizer, PLAN)
    rates = seen(optimizer)
    update(optimizer, 5)
    assert driver.step == 5
    assert rates == [[0.1 * PLAN(step)] for step in range(5) for _ in range(2)]


def test_a_closure_that_makes_the_gradients_counts_once():
    weight = parameter()
    optimizer = torch.optim.LBFGS([weight], lr=0.1, max_iter=4)
    driver = lrscope.drive(optimizer, PLAN)
    calls = []

    def closure():
        optimizer.zero_grad()
        loss = (weight.square() - 2).square().sum()
        loss.backward()
        calls.append(loss)
        return loss

    for _ in range(3):
        optimizer.step(closure)
    assert len(calls) > 3
    assert driver.step == 3


@pytest.mark.parametrize("nested", [False, True])
def test_a_step_that_raises_does_not_count_and_the_next_one_does(nested):
    class Raising(torch.optim.SGD):
        fails = False

        @torch.no_grad()
        def step(self, closure=None):
            if self.fails and not nested:
                raise RuntimeError
            super().step(closure)
            if self.fails:
                raise RuntimeError

    optimizer = sgd(0.1, cls=Raising)
    driver = lrscope.drive(optimizer, PLAN)
    update(optimizer, 3)
    optimizer.fails = True
    with pytest.raises(RuntimeError):
        optimizer.step()
    optimizer.fails = False
    done = 4 if nested else 3  # the inner step was over: parameters had moved
    assert driver.step == done
    update(optimizer)
    assert driver.step == done + 1
    assert held(optimizer) == [0.1 * PLAN(done)]


def test_a_step_that_raises_inside_itself_does_not_count():
    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, PLAN)
    update(optimizer)

    def closure():
        raise RuntimeError

    with pytest.raises(RuntimeError):
        optimizer.step(closure)
    update(optimizer)
    assert driver.step == 2


def test_the_inner_optimizer_of_a_wrapper_is_driven():
    class Wrapper(torch.optim.Optimizer):
        """Like accelerate's: it never calls Optimizer.__init__."""

        def __init__(self, optimizer):
            self.optimizer = optimizer

        @property
        def param_groups(self):
            return self.optimizer.param_groups

        def step(self, closure=None):
            self.optimizer.step(closure)

    inner = sgd(0.1)
    wrapper = Wrapper(inner)
    driver = lrscope.drive(wrapper, PLAN)
    update(wrapper, 3)
    assert driver.step == 3
    assert driver.optimizer is inner
    with pytest.raises(lrscope.LrscopeError, match="driven already"):
        lrscope.drive(inner, PLAN)


def test_the_optimizer_that_a_wrapper_keeps_under_any_name_is_driven():
    class Wrapper(torch.optim.Optimizer):
        """Like SAM: what is stepped is `base`, whose groups it hands on."""

        def __init__(self, base):
            super().__init__(base.param_groups, {})
            self.base = base
            self.param_groups = base.param_groups

        def step(self, closure=None):
            self.base.step(closure)

    inner = sgd(0.1)
    driver = lrscope.drive(Wrapper(inner), PLAN)
    update(inner, 3)
    assert driver.step == 3
    assert driver.optimizer is inner


def test_what_is_no_optimizer_is_refused_in_words():
    with pytest.raises(lrscope.LrscopeError, match=r"needs a torch\.optim\.Optimizer"):
        lrscope.drive(torch.nn.Linear(1, 1), PLAN)


def test_several_optimizers_have_a_driver_each():
    one, other = sgd(0.1), sgd(0.5)
    first, second = lrscope.drive(one, PLAN), lrscope.drive(other, lrscope.linear(10))
    update(one, 3)
    update(other, 1)
    update(one, 1)
    assert (first.step, second.step) == (4, 1)
    assert held(one) == [0.1 * PLAN(3)]


def test_a_driver_that_nobody_keeps_goes_on_and_goes_with_its_optimizer():
    optimizer = sgd(0.1)
    lrscope.drive(optimizer, PLAN)
    gc.collect()
    update(optimizer, 4)
    assert held(optimizer) == [0.1 * PLAN(3)]
    alive = weakref.ref(optimizer)
    gc.disable()
    try:
        del optimizer
        assert alive() is None, "something holds the optimizer in a circle"
    finally:
        gc.enable()


@pytest.mark.parametrize(
    "again", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))]
)
def test_a_copy_brings_a_driven_copy_of_the_optimizer(again):
    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, PLAN, control=lrscope.plateau(patience=0))
    update(optimizer, 3)
    driver.report(1.0)
    driver.report(2.0)
    other_optimizer, other = again((optimizer, driver))
    assert other.optimizer is other_optimizer is not optimizer
    update(other_optimizer, 2)
    assert (driver.step, other.step) == (3, 5)
    assert held(other_optimizer) == [0.1 * (PLAN(4) * 0.1)]


def test_a_copy_of_the_optimizer_alone_is_not_driven():
    optimizer = sgd(0.1)
    lrscope.drive(optimizer, PLAN)
    update(optimizer)
    other = copy.deepcopy(optimizer)
    update(other, 3)
    assert held(other) == [0.1 * PLAN(0)]
    lrscope.drive(other, PLAN)
