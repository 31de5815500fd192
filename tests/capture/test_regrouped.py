"""Groups that come, go and change places keep their rates and their numbers."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch.optim import SGD

import lrscope
from lrscope.recording import events

from .trainings import applied


def weight(size=3):
    return torch.nn.Parameter(torch.ones(size))


def groups_of(count, **more):
    return [{"params": [weight()], "lr": 0.01 * (i + 1), **more} for i in range(count)]


def loss_of(optimizer):
    groups = optimizer.param_groups
    return sum(each.square().sum() for group in groups for each in group["params"])


def step(optimizer):
    optimizer.zero_grad()
    loss_of(optimizer).backward()
    optimizer.step()


def momenta(run):
    return [each.setting("momentum").tolist() for each in run.main.tracks]


def test_a_momentum_that_a_state_brings_is_not_there_before(recorded):
    def train():
        optimizer = SGD([weight()], lr=0.1, momentum=0.9)
        step(optimizer)
        state = optimizer.state_dict()
        state["param_groups"][0]["momentum"] = 0.5
        optimizer.load_state_dict(state)
        step(optimizer)
        step(optimizer)

    _, run = recorded(train)
    assert momenta(run) == [[0.9, 0.5, 0.5]]


def test_a_momentum_that_is_written_when_a_group_is_added(recorded):
    def train():
        optimizer = SGD([weight()], lr=0.1, momentum=0.9)
        step(optimizer)
        optimizer.param_groups[0]["momentum"] = 0.7
        optimizer.add_param_group({"params": [weight(4)], "momentum": 0.3})
        step(optimizer)
        step(optimizer)

    _, run = recorded(train)
    assert momenta(run) == [[0.9, 0.7, 0.7], [0.3, 0.3]]


def test_a_momentum_moves_along_with_its_group(recorded):
    def train():
        optimizer = SGD(groups_of(3, momentum=0.9), lr=0.1)
        step(optimizer)
        optimizer.param_groups[0]["momentum"] = 0.5
        step(optimizer)
        optimizer.param_groups.reverse()
        step(optimizer)
        away = optimizer.param_groups.pop()  # the first one
        step(optimizer)
        away["momentum"] = 0.4
        optimizer.param_groups.append(away)
        step(optimizer)

    _, run = recorded(train)
    assert momenta(run) == [[0.9, 0.5, 0.5, 0.4], [0.9] * 5, [0.9] * 5]


def test_a_number_that_goes_and_comes_back_keeps_its_first_value(recorded):
    def train():
        optimizer = SGD([weight()], lr=0.1)
        group = optimizer.param_groups[0]
        for pair in [(1.0, 2.0), None, (3.0, 4.0)]:
            if pair:
                group["pair"] = pair
            else:
                del group["pair"]
            step(optimizer)

    _, run = recorded(train)
    [track] = run.main.tracks
    one, gone, other = track.setting("pair[1]").tolist()
    assert (one, other) == (2.0, 4.0)
    assert gone != gone  # noqa: PLR0124 - NaN


@pytest.mark.parametrize("count", [3, 12])
def test_rates_stay_with_groups_that_change_places(recorded, count):
    def train():
        optimizer = SGD(groups_of(count), lr=0.1)
        step(optimizer)
        step(optimizer)
        groups = optimizer.param_groups
        groups[-1], groups[-2] = groups[-2], groups[-1]
        for _ in range(4):
            step(optimizer)

    _, run = recorded(train)
    for number, track in enumerate(run.main.tracks):
        assert applied(track) == [0.01 * (number + 1)] * 6


@pytest.mark.parametrize(
    ("change", "attempts"),
    [
        (lambda o: o.add_param_group({"params": [weight()]}), [5, 5, 5, 3]),
        (lambda o: o.param_groups.pop(), [5, 5, 2]),
        (lambda o: setattr(o, "param_groups", o.param_groups[::-1]), [5, 5, 5]),
    ],
)
def test_groups_that_change_before_an_update_is_left_out(recorded, change, attempts):
    def train():
        optimizer = SGD(groups_of(3), lr=0.04, momentum=0.9)
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0)

        def scaled(times):
            optimizer.zero_grad()
            scaler.scale(loss_of(optimizer) * times).backward()
            scaler.step(optimizer)
            scaler.update()

        scaled(1.0)
        scaled(1.0)
        change(optimizer)
        scaled(float("inf"))
        scaled(1.0)
        scaled(1.0)

    _, run = recorded(train)
    assert not run.main.events.of(events.Trouble)
    assert [len(each.attempted) for each in run.main.tracks] == attempts
    for number, track in enumerate(run.main.tracks):
        assert set(track.attempted.lr.tolist()) == {0.01 * (number + 1)}


class Around(torch.optim.Optimizer):
    """Stands around an optimizer and shares its groups, as SAM does."""

    def __init__(self, groups, **defaults):
        super().__init__(groups, defaults)
        self.inner = SGD(self.param_groups, **defaults)
        self.param_groups = self.inner.param_groups

    def step(self, closure):
        with torch.enable_grad():
            closure()
        self.inner.step()


def test_what_is_measured_belongs_to_the_group_that_moved(tmp_path):
    with lrscope.record(tmp_path / "run", effective="every=2"):
        optimizer = Around(groups_of(3), lr=0.1)

        def closure():
            optimizer.zero_grad()
            loss_of(optimizer).backward()

        for number in range(12):
            if number == 4:
                optimizer.param_groups.pop(1)
            optimizer.step(closure)
    run = lrscope.read_run(tmp_path / "run")
    assert not run.main.events.of(events.MeasuringGivenUp)
    counts = [6, 2, 6]
    for number, track in enumerate(run.main.tracks):
        rates = [0.01 * (number + 1)] * counts[number]
        assert track.measured.effective.tolist() == pytest.approx(rates, rel=1e-5)


def test_a_state_that_is_loaded_after_a_scheduler_stepped_stands_after_it(tmp_path):
    def order(path, effective):
        with lrscope.record(path, effective=effective):
            optimizer = SGD([weight()], lr=0.1)
            scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
            step(optimizer)
            scheduler.step()
            optimizer.load_state_dict(optimizer.state_dict())
            step(optimizer)
        wanted = events.SchedulerStepped, events.OptimizerStateLoaded
        found = lrscope.read_run(path).main.events
        return [type(each) for each in found if isinstance(each, wanted)]

    bare = order(tmp_path / "bare", None)
    assert bare == [events.SchedulerStepped, events.OptimizerStateLoaded]
    assert order(tmp_path / "measured", "every=2") == bare


TUPLES = """
import sys, threading, time, torch, lrscope

errors, done = [], threading.Event()

def batches():
    for number in range(5):
        time.sleep(0.0005)
        yield number

def prefetch():
    while not done.is_set():
        try:
            tuple(batches())
        except SystemError as error:
            errors.append(error)

class Warmup:
    def __init__(self, optimizer):
        self.optimizer, self.number = optimizer, 0
    def advance(self):
        self.number += 1
        for group in self.optimizer.param_groups:
            group["lr"] = 0.1 / self.number

threads = [threading.Thread(target=prefetch) for _ in range(8)]
[each.start() for each in threads]
with lrscope.record(sys.argv[1]):
    for _ in range(6):
        weight = torch.nn.Parameter(torch.ones(3))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        warmup = Warmup(optimizer)
        for _ in range(5):
            weight.square().sum().backward()
            optimizer.step()
            warmup.advance()
done.set()
[each.join() for each in threads]
print(len(errors))
"""


def test_a_tuple_that_another_thread_is_making_is_not_disturbed(tmp_path):
    """CPython refuses to resize a tuple that somebody else holds."""
    program = tmp_path / "train.py"
    program.write_text(TUPLES)
    words = [sys.executable, str(program), str(tmp_path / "run")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_keys_of_a_group_may_be_of_any_kind(recorded):
    def train():
        optimizer = SGD([weight()], lr=0.1)
        group = optimizer.param_groups[0]
        for number in range(4):
            group[7], group["beside"], group[None] = 0.5, -float(number), 1.5
            step(optimizer)

    _, run = recorded(train)
    [track] = run.main.tracks
    assert not run.main.events.of(events.Trouble)
    assert track.setting("beside").tolist() == [0, -1, -2, -3]
