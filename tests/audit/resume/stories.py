"""For each rule of resumes: trainings it is to find, look-alikes, and others."""

from __future__ import annotations

import io
import math

import torch
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    MultiStepLR,
    ReduceLROnPlateau,
    StepLR,
)

from .legs import SCHEDULERS, Training, leg, made


def cosine(length):
    return lambda optimizer, _: CosineAnnealingLR(optimizer, length)


def half_wave(length):
    def factor(step):
        return 0.5 * (1 + math.cos(math.pi * min(1, step / length)))

    return lambda optimizer, _: LambdaLR(optimizer, factor)


def flat_then_down(length):
    def factor(step):
        return min(1, (step + 1) / 3) * min(1, max(0, 5 * (length - step) / length))

    return lambda optimizer, _: LambdaLR(optimizer, factor)


def two_legs(make, again=None, *, cut=5, end=12, each_pass=False, early=False,
             what="OS", before="", words=((), ()), fix=None, rates=(0.1, 0.1)):  # fmt: skip
    """Return a story: train ``cut`` passes, resume, train to ``end``.

    ``what`` is loaded after the scheduler is made, ``before`` before that.
    """

    def story(path):
        with leg(path, *words[0]):
            first = made(make, lr=rates[0])
            state = first.until(
                cut, each_pass=each_pass, saving=Training.state, early=early
            )
        with leg(path, *words[1]):
            second = Training(lr=rates[1], passes=state["passes"])
            second.load(state, before)
            second.scheduler = (again or make)(second.optimizer, 48)
            second.load(state, what)
            if fix:
                fix(second)
            second.until(end, each_pass=each_pass)

    return story


def by_hand(rate, legs, *, load=True):
    """Return a story of rates that ``rate(step, of the whole)`` gives."""

    def story(path):
        done, state = 0, None
        for count in legs:
            with leg(path):
                training = Training()
                if state and load:
                    training.load(state, "O")
                for step in range(count):
                    training.optimizer.param_groups[0]["lr"] = rate(step, done + step)
                    training.update()
                state = training.state()
            done += count

    return story


def weights_alone(*words):
    """Return a story of a training that is started again with weights of the first."""

    def story(path):
        with leg(path):
            made(cosine(12)).until(9, each_pass=True)
        with leg(path, *words):
            made(cosine(12)).until(12, each_pass=True)

    return story


def halving(*, saved):
    """Return a story of a function that reads what no state dictionary holds."""

    def run(path, passes, known, state=None):
        def halve(training):
            known["factor"] /= 2
            return training.state()

        with leg(path):
            training = Training(passes=state["passes"] if state else 0)
            training.scheduler = LambdaLR(training.optimizer, lambda _: known["factor"])
            if state:
                training.load(state)
            return training.until(passes, each_pass=True, saving=halve, early=True)

    def story(path):
        known = {"factor": 1.0}
        state = run(path, 5, known)
        state["S"]["last_epoch"] += 1  # it was saved before the step
        state["S"]["_step_count"] += 1
        run(path, 9, known if saved else {"factor": 2.0}, state)

    return story


def at(make, first):
    """Return a maker that begins after some steps, by ``last_epoch``."""

    def maker(optimizer, length):
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        return make(optimizer, length, first - 1)

    return maker


def lambda_at(optimizer, length, last_epoch=-1):
    return LambdaLR(optimizer, lambda step: 1 - step / length, last_epoch)


def cosine_at(optimizer, length, last_epoch=-1):
    return CosineAnnealingLR(optimizer, length, last_epoch=last_epoch)


def killed_in_a_pass(every, each_pass):
    """Return a story whose first leg loses what it did since its last checkpoint."""

    def story(path):
        length = 12 if each_pass else 48
        with leg(path):
            first = made(SCHEDULERS["SequentialLR"], length)
            for passes in range(1, 6):
                first.until(passes, each_pass=each_pass)
                if passes % every == 0:
                    state = first.state()
            for _ in range(2):
                first.update()
                if not each_pass:
                    first.scheduler.step()
        with leg(path):
            second = made(SCHEDULERS["SequentialLR"], length).load(state)
            second.passes = state["passes"]
            second.until(12, each_pass=each_pass)

    return story


def unpickled(path):
    with leg(path):
        first = made(cosine(48))
        first.updates(20, first.scheduler.step)
        file = io.BytesIO()
        torch.save({"O": first.optimizer.state_dict(), "S": first.scheduler}, file)
    file.seek(0)
    with leg(path):
        second = Training()
        state = torch.load(file, weights_only=False)
        second.load(state, "O").updates(28, state["S"].step)


def pickled_together(path):
    with leg(path):
        first = made(cosine(48))
        first.updates(20, first.scheduler.step)
        file = io.BytesIO()
        parts = {"m": first.model, "o": first.optimizer, "s": first.scheduler}
        torch.save(parts, file)
    file.seek(0)
    with leg(path):
        state = torch.load(file, weights_only=False)
        second = Training(model=state["m"], optimizer=state["o"])
        second.updates(28, state["s"].step)


def optimizer_made_again(path):
    with leg(path):
        first = made(cosine(48))
        first.updates(20, first.scheduler.step)
        state = first.state()
    with leg(path):
        second = made(cosine(48))
        second.optimizer = torch.optim.AdamW(second.model.parameters(), lr=0.1)
        second.load(state).updates(28, second.scheduler.step)


def one_of_two_skipped(path):
    def leg_of(state, count):
        with leg(path):
            pair = [
                made(cosine(60)),
                made(lambda o, _: StepLR(o, 10, 0.5), kind=torch.optim.SGD),
            ]
            if state:
                pair[0].load(state[0])
                pair[1].load(state[1], "O")
            for _ in range(count):
                for each in pair:
                    each.updates(1, each.scheduler.step)
            return [each.state() for each in pair]

    leg_of(leg_of(None, 25), 35)


def never_recorded(what):
    """Return a story whose first leg was not recorded."""

    def story(path):
        first = made(cosine(48))
        first.updates(20, first.scheduler.step)
        with leg(path):
            second = made(cosine(48)).load(first.state(), what)
            second.updates(28, second.scheduler.step)

    return story


def in_one_process(what, before=""):
    def story(path):
        with leg(path):
            first = made(SCHEDULERS["SequentialLR"])
            first.updates(20, first.scheduler.step)
            state = first.state()
            second = Training().load(state, before)
            second.scheduler = SCHEDULERS["SequentialLR"](second.optimizer, 48)
            second.load(state, what).updates(28, second.scheduler.step)

    return story


def stepped_ahead(path):
    """Resume as old programs do: step the scheduler at the beginning of each pass."""
    state = None
    for first, end in ((0, 5), (5, 12)):
        with leg(path):
            training = made(cosine(12))
            if state:
                training.load(state)
            for number in range(first, end):
                if number:
                    training.scheduler.step()
                training.updates(4)
            state = training.state()


def warmup_beside(path):
    """The main schedule is restored, what warms up beside it is not."""
    state = None
    for count in (40, 60):
        with leg(path):
            training = made(lambda o, _: ExponentialLR(o, 0.99))
            if state:
                training.load(state)
            group = training.optimizer.param_groups[0]
            for step in range(count):
                whole = group["lr"]
                group["lr"] = whole * min(1, (step + 1) / 10)
                training.update()
                group["lr"] = whole
                training.scheduler.step()
            state = training.state()


def late_decay(late):
    def story(path):
        done, state = 0, None
        for count in (40, 60):
            with leg(path):
                training = made(cosine(100))
                if state:
                    training.load(state)
                group = training.optimizer.param_groups[0]
                for step in range(count):
                    if step or not late:
                        group["weight_decay"] = 0.01 + 0.001 * (done + step)
                    else:
                        group["weight_decay"] = 0.01
                    training.updates(1, training.scheduler.step)
                state = training.state()
            done += count

    return story


def set_rate(training):
    for group in training.optimizer.param_groups:
        group["lr"] = group["initial_lr"] = training.lr
    training.scheduler.base_lrs = [training.lr]


def set_last_rate(training):
    for group, lr in zip(
        training.optimizer.param_groups, training.scheduler.get_last_lr(), strict=True
    ):
        group["lr"] = lr


def once(path):
    with leg(path):
        training = made(cosine(48))
        training.updates(48, training.scheduler.step)


def by_metric(path):
    state = None
    for _ in range(2):
        with leg(path):
            training = made(lambda o, _: ReduceLROnPlateau(o, patience=2))
            if state:
                training.load(state)
            training.updates(20, lambda t=training: t.scheduler.step(1.0))
            state = training.state()


LR = ("--lr", "0.1")
NEW_LR = ("--lr", "0.01", "--resume")
FULL = two_legs(cosine(48))
WARM = lambda step: 0.1 * min(1, (step + 1) / 8)  # noqa: E731

FIRES = {
    "sched-state-not-saved": {
        "by hand": by_hand(lambda own, _: 0.1 * (1 - own / 100), (40, 60)),
        "never recorded": never_recorded("O"),
        "by hand, legs of one length": by_hand(lambda own, _: 0.1 * (1 - own / 100), (40, 40)),
        "the weights alone": weights_alone("--resume"),
        "the weights of a file": weights_alone("--init_from=resume"),
    },
    "sched-built-after-optimizer-load": {
        "a sequence": two_legs(SCHEDULERS["SequentialLR"], before="O", what="S"),
        "in one process": in_one_process("S", before="O"),
    },
    "optimizer-not-restored-scheduler-is": {
        "cosine": two_legs(cosine(48), what="S"),
        "never recorded": never_recorded("S"),
        "a chain": two_legs(SCHEDULERS["ChainedScheduler"], what="S"),
    },
    "last_epoch-constructor-resume": {
        "cosine by update": two_legs(cosine_at, at(cosine_at, 20), what=""),
        "epochs for updates": two_legs(lambda_at, at(lambda_at, 5), what="O"),
    },
    "old-horizon-comes-back": {
        "more passes": two_legs(cosine(8), cosine(12), each_pass=True),
        "more updates": two_legs(cosine(32), cosine(48)),
        "other milestones": two_legs(
            lambda o, _: MultiStepLR(o, [24, 40], 0.1), lambda o, _: MultiStepLR(o, [30, 44], 0.1)
        ),
    },
    "unpicklable-or-unsaved-lambda": {"what it reads": halving(saved=False)},
    "horizon-recomputed-on-resume": {
        "a longer function": two_legs(half_wave(32), half_wave(48)),
        "by pass": two_legs(half_wave(8), half_wave(12), each_pass=True),
    },
    "new-lr-ignored-on-resume": {
        "asked for": two_legs(cosine(48), rates=(0.1, 0.01), words=(LR, NEW_LR)),
        "in a file": two_legs(cosine(48), rates=(0.1, 0.01)),
    },
    "resume-off-by-one": {
        "saved too early": two_legs(cosine(12), each_pass=True, early=True),
        "a function": two_legs(half_wave(12), each_pass=True, early=True),
    },
    "stale-optimizer-after-resume": {
        "saved whole": unpickled,
        "made again": optimizer_made_again,
    },
    "state-silently-skipped": {
        "saved, not loaded": two_legs(cosine(48), what="O"),
        "one of two": one_of_two_skipped,
    },
    "warmup-replayed": {
        "beside the main schedule": warmup_beside,
        "by hand": by_hand(lambda own, whole: WARM(own) * (1 - whole / 100), (40, 60)),
    },
    "coupled-hyperparameter-restored-late": {"weight decay": late_decay(late=True)},
}  # fmt: skip

QUIET = {
    "sched-state-not-saved": {
        "a global step": by_hand(lambda _, whole: 0.1 * (1 - whole / 100), (40, 60)),
        "never recorded": never_recorded("OS"),
        "another training": weights_alone("--no-resume", "--resume=False"),
        "a second cycle": two_legs(cosine(20), before="O", what="", end=10),
        "another schedule": two_legs(cosine(48), lambda o, _: StepLR(o, 9, 0.5), before="O", what=""),
        "weights only": two_legs(cosine(48), cosine(16), what="", end=9, rates=(0.1, 0.01)),
        "cycles by hand": by_hand(lambda own, _: 0.1 * (1 - own % 20 / 20), (40, 60)),
    },
    "sched-built-after-optimizer-load": {
        "harmless classes": two_legs(cosine(48), before="O", what="S"),
        "loaded once more": two_legs(SCHEDULERS["SequentialLR"], before="O", what="SO"),
        "in one process": in_one_process("OS"),
    },
    "optimizer-not-restored-scheduler-is": {
        "one update": two_legs(SCHEDULERS["OneCycleLR"], what="S"),
        "rates set by hand": two_legs(cosine(48), what="S", fix=set_last_rate),
    },
    "last_epoch-constructor-resume": {
        "computed anew": two_legs(lambda_at, at(lambda_at, 20), before="O", what=""),
    },
    "old-horizon-comes-back": {
        "an exact resume": FULL,
        "what is left": two_legs(cosine(48), cosine(28)),
    },
    "unpicklable-or-unsaved-lambda": {"all was saved": halving(saved=True)},
    "horizon-recomputed-on-resume": {
        "no jump": two_legs(flat_then_down(40), flat_then_down(60), end=15),
        "after its end": two_legs(half_wave(20), half_wave(48)),
    },
    "new-lr-ignored-on-resume": {
        "left to the checkpoint": two_legs(cosine(48), rates=(0.05, 0.1), words=(("--lr", "0.05"), ())),
        "set after loading": two_legs(cosine(48), rates=(0.1, 0.01), words=(LR, NEW_LR), fix=set_rate),
        "a decayed rate": FULL,
    },
    "resume-off-by-one": {
        "lost work": killed_in_a_pass(3, each_pass=True),
        "lost updates": killed_in_a_pass(4, each_pass=False),
        "stepped ahead": stepped_ahead,
        "one of many updates": two_legs(cosine(48)),
    },
    "stale-optimizer-after-resume": {"saved together": pickled_together, "restored": FULL},
    "state-silently-skipped": {
        "a rate is all it needs": two_legs(lambda o, _: ExponentialLR(o, 0.9), what="O"),
    },
    "warmup-replayed": {
        "shorter, on purpose": by_hand(
            lambda own, whole: 0.1 * min(1, (own + 1) / (16 if own == whole else 4)) * (1 - whole / 100), (40, 60)
        ),
        "restored": two_legs(SCHEDULERS["SequentialLR"]),
    },
    "coupled-hyperparameter-restored-late": {"in time": late_decay(late=False)},
}  # fmt: skip

ONCE = {"never resumed": once}
CANNOT = {
    **dict.fromkeys(FIRES, ONCE),
    "resume-off-by-one": {**ONCE, "a metric": by_metric},
    "state-silently-skipped": {**ONCE, "a metric": by_metric},
}
