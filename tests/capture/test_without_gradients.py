"""A step that finds no gradient is an update if it wrote to a parameter."""

from __future__ import annotations

import pytest
import torch
from torch.optim import SGD

from lrscope.recording import events

from .trainings import Plain, loss_of, net, same, weights_of


class Evolving(Plain):
    """Moves at random, as evolution strategies do."""

    @torch.no_grad()
    def step(self, _closure=None):
        for group in self.param_groups:
            for each in group["params"]:
                each.add_(torch.randn_like(each), alpha=group["lr"])


class Given(Plain):
    """Gets gradients as arguments."""

    @torch.no_grad()
    def step(self, gradients):
        parameters = self.param_groups[0]["params"]
        torch._foreach_add_(parameters, gradients, alpha=-self.param_groups[0]["lr"])


class Freeing(Plain):
    """Frees each gradient that its closure made."""

    def step(self, closure):
        loss = closure()
        with torch.no_grad():
            for each in self.param_groups[0]["params"]:
                each.sub_(each.grad, alpha=self.param_groups[0]["lr"])
                each.grad = None
        return loss


class Unmoved(Plain):
    """Evaluates and changes nothing."""

    def step(self, closure=None):
        return None if closure is None else closure()


class Unseen(Plain):
    """Writes where torch does not count."""

    def step(self, _closure=None):
        for each in self.param_groups[0]["params"]:
            each.data.mul_(0.9)


def _arguments(cls, model):
    def closure():
        loss = loss_of(model)
        loss.backward()
        return loss

    if cls is Given:
        return [torch.autograd.grad(loss_of(model), list(model.parameters()))]
    return [closure] if cls is Freeing else []


@pytest.mark.parametrize(
    ("cls", "updates"),
    [(Evolving, 4), (Given, 4), (Freeing, 4), (Unmoved, 0), (Unseen, 0)],
)
def test_what_was_written_to_tells_an_update(recorded, cls, updates):
    def train():
        model = net()
        optimizer = cls(model.parameters())
        for _ in range(4):
            optimizer.step(*_arguments(cls, model))

    _, run = recorded(train)
    assert len(run.main.tracks[0].applied) == updates
    steps = run.main.events.of(events.OptimizerStepped)
    assert [each.no_gradient for each in steps] == [updates == 0] * 4


def test_parameters_that_torch_does_not_count_for_do_no_harm(recorded):
    def train():
        with torch.inference_mode():
            weight = torch.ones(2)
        optimizer = Unmoved([weight])
        optimizer.step()

    _, run = recorded(train)
    assert len(run.main.tracks[0].applied) == 0


def test_a_closure_that_clears_the_gradients_and_makes_none_moves_nothing(recorded):
    """As Lightning does where ``training_step`` returns None."""

    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=1.0)
        moved = []
        for index in range(10):

            def closure(gives_loss=index % 4 != 3):
                optimizer.zero_grad()
                if gives_loss:
                    loss_of(model).backward()

            before = weights_of(model)
            optimizer.step(closure)
            moved.append(not same(before, weights_of(model)))
        return moved

    moved, run = recorded(train)
    (track,) = run.main.tracks
    assert track.attempted.updated.tolist() == moved
    assert run.main.ratio().skipped == 2


def test_a_gradient_of_a_group_that_was_taken_out_updates_nothing(recorded):
    gone, kept = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2))

    def train():
        optimizer = SGD([{"params": [gone]}, {"params": [kept]}], lr=0.1)
        for number in range(4):
            if number == 2:
                del optimizer.param_groups[0]
            gone.sum().backward()
            optimizer.step()

    _, run = recorded(train)
    track = run.main.tracks[-1]
    assert track.attempted.updated.tolist() == [True, True, False, False]
