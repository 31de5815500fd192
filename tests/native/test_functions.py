"""What stands in the place of a function of torch looks like it and is used like it."""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import weakref

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import ExponentialLR, LRScheduler, StepLR
from torch.utils.data import dataloader

import lrscope
from lrscope import compiled

from .trainings import net, train

NAMES = [
    "__name__", "__qualname__", "__module__", "__doc__", "__annotations__",
]  # fmt: skip


def _places():
    return [
        (torch.autograd, "backward"),
        (StepLR, "step") if "step" in vars(StepLR) else (LRScheduler, "step"),
        (LRScheduler, "step"),
        (dataloader._BaseDataLoaderIter, "__next__"),
    ]


@pytest.fixture
def replaced(tmp_path):
    """Yield (place, original, what replaces it) while recording."""
    originals = [vars(owner)[name] for owner, name in _places()]
    with lrscope.record(tmp_path / "run"):
        yield [
            (place, original, vars(place[0])[place[1]])
            for place, original in zip(_places(), originals, strict=True)
        ]


def test_it_has_name_text_and_signature_of_the_original(replaced):
    for _, original, ours in replaced:
        assert type(ours) is type(compiled.native.next(len, len, len))
        assert ours is not original
        assert ours.__wrapped__ is original
        assert inspect.signature(ours) == inspect.signature(original)
        assert inspect.getsource(ours) == inspect.getsource(original)
        assert inspect.isroutine(ours)
        for name in NAMES:
            assert getattr(ours, name) == getattr(original, name), name


def test_it_is_pickled_by_name_and_copied_as_itself(replaced):
    for _, _, ours in replaced:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            assert pickle.loads(pickle.dumps(ours, protocol)) is ours
        assert copy.deepcopy([ours])[0] is ours
        assert copy.copy(ours) is ours


def test_a_pickle_that_was_made_while_recording_is_read_afterwards(tmp_path):
    with lrscope.record(tmp_path / "run"):
        pickled = pickle.dumps([torch.autograd.backward, LRScheduler.step])
    assert pickle.loads(pickled) == [torch.autograd.backward, LRScheduler.step]


def test_it_takes_attributes_and_weak_references(replaced):
    for _, _, ours in replaced:
        assert weakref.ref(ours)() is ours
        ours.mine = 1
        assert ours.__dict__["mine"] == 1
        del ours.mine
        with pytest.raises(AttributeError):
            ours.mine  # noqa: B018


def test_it_binds_to_an_instance_and_to_none_of_a_class(replaced):
    scheduler = StepLR(SGD(net().parameters(), lr=0.1), 3)
    ours = inspect.getattr_static(scheduler, "step")
    assert scheduler.step.__self__ is scheduler
    assert scheduler.step.__func__ is ours
    assert inspect.ismethod(scheduler.step)
    assert type(scheduler).step is ours
    assert list(inspect.signature(scheduler.step).parameters) == ["epoch"]
    bound = pickle.loads(pickle.dumps(scheduler)).step
    assert bound.__func__ is ours
    assert copy.deepcopy(scheduler).step.__func__ is ours
    assert ours.__get__(None, StepLR) is ours


def test_a_method_can_be_kept_and_called_after_the_recording(tmp_path):
    with lrscope.record(tmp_path / "run"):
        model = net()
        optimizer = SGD(model.parameters(), lr=0.5)
        scheduler = ExponentialLR(optimizer, 0.5)
        step, backward = scheduler.step, torch.autograd.backward
        train(model, optimizer, scheduler, steps=3)
    gc.collect()
    step()
    backward(model(torch.ones(1, 4)).sum())
    assert optimizer.param_groups[0]["lr"] == 0.5**5
    assert lrscope.read_run(tmp_path / "run").main.ratio().scheduler_steps == 3


def test_super_reaches_it_from_a_class_that_is_made_meanwhile(tmp_path):
    with lrscope.record(tmp_path / "run"):

        class Mine(ExponentialLR):
            def step(self, epoch=None):
                if epoch is None:
                    super().step()

        model = net()
        optimizer = SGD(model.parameters(), lr=0.5)
        scheduler = Mine(optimizer, 0.5)
        assert list(inspect.signature(Mine.step).parameters) == ["self", "epoch"]
        train(model, optimizer, scheduler, steps=3)
    assert optimizer.param_groups[0]["lr"] == 0.5**4
    assert lrscope.read_run(tmp_path / "run").main.ratio().scheduler_steps == 3


def test_wrong_arguments_are_refused_as_by_the_original(replaced):
    scheduler = StepLR(SGD(net().parameters(), lr=0.1), 3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'wrong'"):
        scheduler.step(wrong=1)
    with pytest.raises(TypeError):
        StepLR.step()
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        torch.autograd.backward()


def test_functions_can_only_be_made_of_what_they_need():
    native = compiled.native
    for make in (native.before, native.after, native.stepped, native.backward):
        with pytest.raises(TypeError):
            make(len, len)
    for make in (native.narrow, native.wide):
        with pytest.raises((AttributeError, TypeError)):
            make(len, object(), len, bytearray(64), 7)
    with pytest.raises(ValueError, match="column"):
        native.Look([], [(0, "momentum", 0)], 8)
    with pytest.raises(ValueError, match="values"):
        native.Look([({}, ("momentum",), ())], [], 8)
    for key in ("momentum", 3, None):
        with pytest.raises(ValueError, match="its keys"):
            native.Look([({"lr": 0.1, 2: 0.5}, (key,), (0.9,))], [], 8)
