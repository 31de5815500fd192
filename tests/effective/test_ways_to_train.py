"""Accumulation, AMP, closures, several optimizers, what changes between two steps."""

from __future__ import annotations

import contextlib
import gc
import threading

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import LBFGS, SGD, Adam, AdamW

import lrscope
from lrscope.capture.effective import gauge
from lrscope.recording.events import MeasuringBegan
from lrscope.report.movement import remarks_on

from .oracle import Oracle, assert_measured, loss_of, net, step, train


def test_gradients_that_were_accumulated_are_measured_as_they_are(measured):
    def run():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
        oracle = Oracle(optimizer)
        for index in range(9):
            (loss_of(model) / 3).backward()
            if index % 3 == 2:
                with oracle.looking():
                    optimizer.step()
                optimizer.zero_grad()
        return oracle

    oracle, run = measured(run)
    assert len(oracle.steps) == 3
    assert_measured(run.track("sgd/all"), 0, oracle)


@pytest.mark.parametrize("unscaled", [True, False])
@pytest.mark.parametrize("fused", [True, False])
def test_with_a_gradscaler_the_gradient_has_its_own_size_and_overflows_are_left_out(
    measured, fused, unscaled
):
    factor = 1024.0

    def run():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1, fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=factor, growth_interval=100)
        losses, moved = [], []
        for index in range(5):
            optimizer.zero_grad()
            loss = loss_of(model) * (float("inf") if index == 1 else 1)
            scaler.scale(loss).backward()
            if unscaled:
                scaler.unscale_(optimizer)
            before = [each.detach().clone() for each in model.parameters()]
            scaler.step(optimizer)
            scaler.update()
            if index != 1:
                losses.append(loss.item())
                changes = zip(before, model.parameters(), strict=True)
                moved.append(
                    sum((b - a.data).norm().item() ** 2 for b, a in changes) ** 0.5
                )
        return losses, moved

    (losses, moved), run = measured(run)
    track = run.track("sgd/all")
    assert track.measured.steps.tolist() == [0, 1, 2, 3]
    assert len(track.attempted) == 5
    np.testing.assert_allclose(track.measured.effective, 0.1, rtol=1e-4)
    np.testing.assert_allclose(
        track.measured.gradient_norm, np.array(moved) / 0.1, rtol=1e-4
    )
    np.testing.assert_allclose(track.loss, losses, rtol=1e-6)


def test_a_closure_is_measured_with_the_gradient_of_its_last_evaluation(measured):
    def run(kind, **more):
        model = net()
        optimizer = kind(model.parameters(), **more)
        oracle = Oracle(optimizer, late_gradients=True)
        values = torch.randn(6, 5)

        def closure():
            optimizer.zero_grad()
            loss = model(values).square().mean()
            loss.backward()
            return loss

        for index in range(3):
            with oracle.looking():
                if index:
                    optimizer.step(closure)
                else:
                    optimizer.step(closure=closure)
        return oracle

    for kind, more in ((LBFGS, {"lr": 0.3, "max_iter": 3}), (SGD, {"lr": 0.1})):
        oracle, done = measured(run, kind, **more)
        assert_measured(done.track(f"{kind.__name__.lower()}/all"), 0, oracle)


def test_two_optimizers_in_turns_are_measured_each_for_itself(measured):
    def run():
        makes, tells = net(), net(seed=1)
        optimizers = [
            SGD(makes.parameters(), lr=0.1),
            Adam(tells.parameters(), lr=0.01),
        ]
        oracles = [Oracle(each) for each in optimizers]
        for _ in range(3):
            for each, model, oracle in zip(
                optimizers, (makes, tells), oracles, strict=True
            ):
                step(each, model, oracle)
        return oracles

    (first, second), run = measured(run)
    assert_measured(run.track("sgd/all"), 0, first)
    assert_measured(run.track("adam/all"), 0, second)


def test_a_group_that_is_added_is_measured_from_then_on(measured):
    def run():
        model = net()
        optimizer = SGD(model[0].parameters(), lr=0.1)
        oracle = Oracle(optimizer)
        for index in range(4):
            if index == 2:
                optimizer.add_param_group({"params": model[2].parameters(), "lr": 0.2})
            step(optimizer, model, oracle)
        return oracle

    oracle, run = measured(run)
    assert_measured(run.main.tracks[0], 0, oracle)
    added = run.main.tracks[1].measured
    assert added.steps.tolist() == [2, 3]
    np.testing.assert_allclose(added.effective, 0.2, rtol=1e-5)
    assert len(list(run.main.history.of(MeasuringBegan))) == 2


def test_a_parameter_that_changes_its_group_is_counted_there(measured):
    def run():
        model = net()
        head, tail = list(model[0].parameters()), list(model[2].parameters())
        optimizer = SGD([{"params": head}, {"params": tail}], lr=0.1)
        oracle = Oracle(optimizer)
        for index in range(4):
            if index == 2:
                moved = optimizer.param_groups[0]["params"].pop()
                optimizer.param_groups[1]["params"].insert(0, moved)
            step(optimizer, model, oracle)
        return oracle

    oracle, run = measured(run)
    for number, track in enumerate(run.main.tracks):
        assert_measured(track, number, oracle)


def test_a_state_that_is_loaded_in_between_changes_nothing(measured):
    def run():
        model = net()
        optimizer = AdamW(model.parameters(), lr=0.01)
        oracle = Oracle(optimizer)
        for _ in range(2):
            step(optimizer, model, oracle)
            optimizer.load_state_dict(optimizer.state_dict())
        return oracle

    oracle, run = measured(run)
    assert_measured(run.track("adamw/all"), 0, oracle)
    assert len(list(run.main.history.of(MeasuringBegan))) == 1


@pytest.mark.parametrize("change", ["half", "grown"])
def test_data_that_is_replaced_between_steps_is_drawn_from_anew(measured, change):
    def run():
        torch.manual_seed(0)
        weight = nn.Parameter(torch.randn(40_000))
        optimizer = SGD([weight], lr=0.5)
        oracle = Oracle(optimizer)
        for index in range(4):
            if index == 2:
                new = weight.data[:20_000] if change == "half" else torch.zeros(5)
                weight.grad, weight.data = None, new
            weight.grad = torch.randn_like(weight)
            with oracle.looking():
                optimizer.step()
        return oracle

    _, run = measured(run)
    found = run.track("sgd/all").measured
    assert found.steps.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(found.effective, 0.5, rtol=1e-5)
    assert found.elements == (20_000 if change == "half" else 5)


class Sharpness(torch.optim.Optimizer):
    """Stands around another optimizer of the same parameters, as SAM does."""

    def __init__(self, params, base, **more):
        super().__init__(params, more)
        self.base = base(self.param_groups, **more)
        self.param_groups = self.base.param_groups

    @torch.no_grad()
    def step(self, closure=None):
        del closure
        self.base.step()


def test_of_an_optimizer_around_another_both_are_measured_as_one(measured, monkeypatch):
    copied = []

    class Counted(gauge.Snapshot):
        def __init__(self, part, *args, **kwargs):
            copied.append(part)
            super().__init__(part, *args, **kwargs)

    monkeypatch.setattr(gauge, "Snapshot", Counted)

    def run():
        model = net()
        outer = Sharpness(model.parameters(), SGD, lr=0.1)
        return train(outer, model, 4)

    oracle, run = measured(run)
    (track,) = run.main.tracks
    assert track.name == "sgd/all"
    assert_measured(track, 0, oracle)
    (began,) = run.main.history.of(MeasuringBegan)
    assert (began.optimizer, began.wrapper) == (1, "Sharpness")
    assert len(copied) == 4
    assert any("Sharpness stands around SGD" in each for each in remarks_on(run.main))


class Slow(Sharpness):
    """Moves the weights once more at every third step, as Lookahead does."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.slow = [each.detach().clone() for each in self.param_groups[0]["params"]]
        self.calls = 0

    @torch.no_grad()
    def step(self, closure=None):
        del closure
        self.base.step()
        self.calls += 1
        if self.calls % 3 == 0:
            for slow, fast in zip(self.slow, self.param_groups[0]["params"]):
                slow.lerp_(fast, 0.5)
                fast.copy_(slow)


@pytest.mark.parametrize("every", [1, 2])
def test_what_a_wrapper_does_to_the_weights_counts(measured, every):
    def run():
        model = net()
        return train(Slow(model.parameters(), SGD, lr=0.1), model, 9)

    oracle, run = measured(run, effective=f"every={every}")
    steps = range(0, 9, every)
    assert_measured(run.track("sgd/all"), 0, oracle, steps)
    effective = run.track("sgd/all").measured.effective
    assert sum(abs(each - 0.1) > 1e-3 for each in effective) >= 1


class Unhooked:
    """Moves the weights beside the step of another optimizer, and is none itself."""

    def __init__(self, base):
        self.base = base

    @property
    def param_groups(self):
        return self.base.param_groups

    def zero_grad(self):
        self.base.zero_grad()

    @torch.no_grad()
    def step(self, closure=None):
        loss = self.base.step(closure)
        for group in self.param_groups:
            for each in group["params"]:
                each.sub_(each.grad, alpha=group["lr"])
        return loss


class WithoutInit(Unhooked, torch.optim.Optimizer):
    """Is an optimizer, but torch's ``__init__`` was never called."""

    param_groups = None

    def __init__(self, base):
        self.base = base
        self.param_groups = base.param_groups


@pytest.mark.parametrize("kind", [Unhooked, WithoutInit])
def test_steps_that_torch_calls_no_hooks_for_are_measured_as_a_whole(measured, kind):
    original = vars(Unhooked)["step"]

    def run():
        model = net()
        return train(kind(SGD(model.parameters(), lr=0.1)), model, 6)

    oracle, run = measured(run)
    track = run.track("sgd/all")
    assert_measured(track, 0, oracle, range(1, 6))
    np.testing.assert_allclose(track.measured.effective, 0.2, rtol=1e-5)
    (began,) = run.main.history.of(MeasuringBegan)
    assert began.wrapper == kind.__name__
    assert vars(Unhooked)["step"] is original


def test_a_wrapper_of_schedulefree_is_measured_as_a_whole(measured):
    schedulefree = pytest.importorskip("schedulefree")

    def run():
        model = net()
        outer = schedulefree.ScheduleFreeWrapper(SGD(model.parameters(), lr=0.1))
        outer.train()
        return train(outer, model, 5)

    oracle, run = measured(run)
    assert_measured(run.track("sgd/all"), 0, oracle, range(1, 5))
    assert (run.track("sgd/all").measured.effective < 0.09).all()


def test_a_step_that_is_called_by_some_other_step_is_measured_by_itself(measured):
    class Trainer:
        def __init__(self, model):
            self.model, self.optimizer = model, SGD(model.parameters(), lr=0.1)
            self.oracle = Oracle(self.optimizer)

        def step(self):
            self.model.zero_grad()
            loss_of(self.model).backward()
            with self.oracle.looking():
                self.optimizer.step()

    def run():
        trainer = Trainer(net())
        for _ in range(4):
            trainer.step()
        return trainer.oracle

    oracle, run = measured(run)
    assert_measured(run.track("sgd/all"), 0, oracle)


def test_steps_of_the_optimizer_inside_alone_are_measured_too(measured):
    def run():
        model = net()
        outer = Slow(model.parameters(), SGD, lr=0.1)
        oracle = Oracle(outer)
        for index in range(9):
            model.zero_grad()
            loss_of(model).backward()
            with oracle.looking():
                (outer.base if index % 3 == 1 else outer).step()
        return oracle

    oracle, run = measured(run)
    assert_measured(run.track("sgd/all"), 0, oracle)


def test_a_wrapper_whose_step_raised_or_was_left_out_ends_no_measuring(measured):
    class Moody(Sharpness):
        mood = "good"

        @torch.no_grad()
        def step(self, closure=None):
            del closure
            if self.mood == "raise":
                raise ArithmeticError
            if self.mood == "good":
                self.base.step()

    def run():
        model = net()
        outer = Moody(model.parameters(), SGD, lr=0.1)
        oracle = Oracle(outer)
        for mood in ("good", "raise", "good", "idle", "good", "raise"):
            outer.mood = mood
            model.zero_grad()
            loss_of(model).backward()
            if mood == "good":
                with oracle.looking():
                    outer.step()
            else:
                with contextlib.suppress(ArithmeticError):
                    outer.step()
        for _ in range(2):
            model.zero_grad()
            loss_of(model).backward()
            with oracle.looking():
                outer.base.step()
        return oracle

    oracle, run = measured(run)
    track = run.track("sgd/all")
    assert track.measured.steps.tolist() == [0, 1, 2, 4]
    assert len(track.steps) == len(oracle.steps) == 5


@pytest.fixture
def _sgd_was_made():
    """Have torch call hooks around SGD.step, which it does from the first SGD on."""
    SGD(net().parameters(), lr=0.1)


@pytest.mark.usefixtures("_sgd_was_made")
def test_of_a_step_within_its_own_superclass_one_movement_is_told(measured):
    class Twice(SGD):
        def step(self, closure=None):
            with torch.no_grad():
                for group in self.param_groups:
                    for each in group["params"]:
                        each.grad.mul_(2)
            return super().step(closure)

    def run():
        model = net()
        return train(Twice(model.parameters(), lr=0.1), model, 6)

    oracle, run = measured(run)
    found = run.track("twice/all").measured
    assert found.steps.tolist() == list(range(len(oracle.steps)))
    np.testing.assert_allclose(found.effective, 0.1, rtol=1e-5)  # of the doubled one


@pytest.mark.usefixtures("_sgd_was_made")
@pytest.mark.parametrize("inside", [True, False])
def test_a_step_that_raises_is_not_measured_and_the_next_one_is(measured, inside):
    class Brittle(SGD):
        fails = False

        def step(self, closure=None):
            if self.fails and inside:
                super().step(closure)
            if self.fails:
                raise FloatingPointError
            return super().step(closure)

    def run():
        model = net()
        optimizer = Brittle(model.parameters(), lr=0.1)
        for index in range(5):
            optimizer.fails = index == 2
            with contextlib.suppress(FloatingPointError):
                step(optimizer, model)

    _, run = measured(run)
    found = run.track("brittle/all").measured
    np.testing.assert_allclose(found.effective, 0.1, rtol=1e-5)
    assert len(found) == len(run.track("brittle/all")) == (5 if inside else 4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, of itself
def test_a_compiled_step_is_measured(measured):
    def run():
        model = net()
        optimizer = Adam(model.parameters(), lr=0.01)
        oracle = Oracle(optimizer)
        compiled = torch.compile(optimizer.step, backend="eager")
        for _ in range(3):
            optimizer.zero_grad()
            loss_of(model).backward()
            with oracle.looking():
                compiled()
        return oracle

    oracle, run = measured(run)
    assert_measured(run.track("adam/all"), 0, oracle)


def test_an_optimizer_that_is_deleted_makes_room_for_another(measured):
    def run():
        oracles = []
        for _ in range(5):
            model = net()
            optimizer = SGD(model.parameters(), lr=0.1)
            oracles.append(train(optimizer, model, 2))
            del optimizer, model
            gc.collect()
        return oracles

    oracles, run = measured(run)
    assert len(run.main.tracks) == 5
    for track, oracle in zip(run.main.tracks, oracles, strict=True):
        assert track.measured.steps.tolist() == [0, 1]
        np.testing.assert_allclose(track.measured.effective, 0.1, rtol=1e-5)
        assert len(oracle.steps) == 2


def test_optimizers_in_several_threads_do_not_mix_their_sums(measured):
    def run():
        trainings = []
        for number in range(3):
            torch.manual_seed(number)
            weight = nn.Parameter(torch.randn(20_000))
            weight.grad = torch.randn(20_000)
            trainings.append((weight, SGD([weight], lr=0.1 + number)))
        start = threading.Barrier(3)

        def work(optimizer):
            start.wait()
            for _ in range(30):
                optimizer.step()

        threads = [threading.Thread(target=work, args=(o,)) for _, o in trainings]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    _, run = measured(run)
    rates = sorted(float(each.applied[0]) for each in run.main.tracks)
    assert rates == [0.1, 1.1, 2.1]
    for track in run.main.tracks:
        assert len(track.measured) == 30
        np.testing.assert_allclose(
            track.measured.effective, track.applied[0], rtol=1e-4
        )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
@pytest.mark.parametrize("size", [10, 50_000])
def test_a_gradient_that_is_not_finite_is_counted_and_breaks_nothing(
    measured, value, size
):
    def run():
        torch.manual_seed(0)
        weight = nn.Parameter(torch.randn(size))
        optimizer = SGD([weight], lr=0.1)
        for index in range(4):
            weight.grad = torch.randn(size)
            if index == 1:
                weight.grad[: size // 2] = value
            optimizer.step()

    _, run = measured(run)
    track = run.track("sgd/all")
    found = track.measured
    assert len(found) == 4
    finite = [size, size if value == 1e30 else size - size // 2, size, size]
    np.testing.assert_allclose(found.sums.gradient_finite, finite, rtol=0.05)
    for name in (
        "effective", "effective_error", "update_to_weight", "update_to_weight_error",
        "update_rms", "gradient_norm", "weight_norm", "cosine", "moved",
    ):  # fmt: skip
        assert getattr(found, name).shape == (4,)
    np.testing.assert_allclose(found.effective[0], 0.1, rtol=1e-4)
    assert len(track) == 4


def test_every_second_step_and_by_hand_rates(measured):
    def run():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        oracle = Oracle(optimizer)
        for index in range(9):
            optimizer.param_groups[0]["lr"] = 0.1 * (index + 1)
            step(optimizer, model, oracle)
        return oracle

    oracle, run = measured(run, effective="every=4")
    assert_measured(run.track("sgd/all"), 0, oracle, steps=[0, 4, 8])
    np.testing.assert_allclose(
        run.track("sgd/all").measured.effective, [0.1, 0.5, 0.9], rtol=1e-5
    )


def test_powers_of_two_are_measured_whatever_the_budget(measured):
    def run():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        for _ in range(40):
            step(optimizer, model)

    _, run = measured(run, effective="budget=0.0001%")
    assert run.track("sgd/all").measured.steps.tolist() == [0, 1, 2, 4, 8, 16, 32]


def test_without_being_asked_nothing_is_measured(tmp_path):
    model = net()
    with lrscope.record(tmp_path / "run"):
        train(SGD(model.parameters(), lr=0.1), model)
    run = lrscope.read_run(tmp_path / "run")
    assert run.track("sgd/all").measured is None
    assert run.track("sgd/all").parameters == {}
    assert np.isnan(run.track("sgd/all").loss).all()
    assert not list(run.main.history.of(MeasuringBegan))
