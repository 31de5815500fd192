"""For each rule of ownership: trainings it is to find, look-alikes, and others."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.optim import SGD, Adafactor, Adam, AdamW, Muon
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from torch.optim.swa_utils import SWALR

import lrscope

from .training import Around, Net, Outer, sgd, stepping, train


def plain(make=None, model=None, lr=0.1, updates=60):
    """Return a story: one optimizer and the schedulers that ``make`` makes."""

    def story():
        net, optimizer = sgd(lr, model)
        made = make(optimizer) if make else ()
        several = made if isinstance(made, tuple) else (made,)
        train(net, optimizer, updates, stepping(*several))

    return story


def grouped(make, **more):
    """Return a story of two groups with rates of their own."""

    def story():
        model = Net()
        optimizer = Adam(model.groups(**more), lr=1e-3)
        train(model, optimizer, 60, stepping(make(optimizer)))

    return story


def rise(step):
    return min(1.0, (step + 1) / 10)


def fall(step):
    return 1 - 0.01 * step


# Of `sched-bound-to-another-optimizer`.


def copied():
    model, optimizer = sgd()
    scheduler = CosineAnnealingLR(copy.deepcopy(optimizer), 50)
    train(model, optimizer, 50, stepping(scheduler))


def copied_scheduler():
    model, optimizer = sgd()
    train(model, optimizer, 50, stepping(copy.deepcopy(StepLR(optimizer, 5))))


def made_again():
    model, optimizer = sgd()
    scheduler = LambdaLR(optimizer, fall)
    optimizer = AdamW(model.parameters(), lr=0.1)
    train(model, optimizer, 50, stepping(scheduler))


def asked_for_its_curve():
    model, optimizer = sgd()
    spare = StepLR(copy.deepcopy(optimizer), 5)
    for _ in range(50):
        spare.step()
    train(model, optimizer, 50)


def copied_by_hand():
    model, optimizer = sgd()
    spare = LambdaLR(copy.deepcopy(optimizer), fall)

    def before(_):
        spare.step()
        optimizer.param_groups[0]["lr"] = spare.get_last_lr()[0]

    train(model, optimizer, 50, before=before)


# Of `wrapper-param-groups-diverged`.


def around(*, apart):
    def story():
        model, inner = sgd()
        outer = Around(inner)
        if apart:
            inner.load_state_dict(inner.state_dict())
        train(model, outer, 60, stepping(CosineAnnealingLR(outer, 60)))

    return story


def outer(*, apart):
    def story():
        model = Net()
        optimizer = Outer(model.parameters(), 0.1, apart=apart)
        train(model, optimizer, 60, stepping(CosineAnnealingLR(optimizer, 60)))

    return story


# Of `two-writers-one-optimizer`.


def plateau_and_lambda(metric):
    def story():
        model, optimizer = sgd()
        warm, main = LambdaLR(optimizer, rise), ReduceLROnPlateau(optimizer, patience=2)

        def after(update):
            warm.step()
            if update % 10 == 9:
                main.step(metric(update))

        train(model, optimizer, 100, after)

    return story


def averaged(*, both):
    """Return a story of SWALR, with or without the main scheduler beside it."""

    def story():
        model, optimizer = sgd()
        main = CosineAnnealingLR(optimizer, 60)
        average = SWALR(optimizer, swa_lr=0.05, anneal_epochs=5)

        def after(update):
            if update >= 30:
                average.step()
            if update < 30 or both:
                main.step()

        train(model, optimizer, 60, after)

    return story


def one_phase_each():
    model, optimizer = sgd()
    warm, main = LambdaLR(optimizer, rise), StepLR(optimizer, 20, 0.1)
    train(model, optimizer, 60, lambda i: (warm if i < 9 else main).step())


# Of `initial_lr-poisons-second-scheduler`.


def two_stages(rate, second, *, initial=False):
    def story():
        model, optimizer = sgd(1.0)
        train(model, optimizer, 30, stepping(LambdaLR(optimizer, fall)))
        group = optimizer.param_groups[0]
        if rate:
            group["lr"] = rate
        if initial:
            group["initial_lr"] = rate
        train(model, optimizer, 30, stepping(second(optimizer)))

    return story


def in_phases(warm, main):
    def story():
        model, optimizer = sgd()
        first, second = warm(optimizer), main(optimizer)
        train(model, optimizer, 60, lambda i: (first if i < 9 else second).step())

    return story


def unused(make):
    def story():
        model, optimizer = sgd()
        make(optimizer)
        train(model, optimizer, 60, stepping(half_steps(optimizer)))

    return story


def written_beside():
    model, optimizer = sgd()

    def after(update):
        optimizer.param_groups[0]["learning_rate"] = 0.1 * 0.97**update

    train(model, optimizer, 60, after)


# Of `manual-edit-clobbered`.


def edited(make, at, every=1, factor=0.01):
    def story():
        model, optimizer = sgd()
        scheduler = make(optimizer)
        group = optimizer.param_groups[0]

        def after(update):
            if update % every == every - 1:
                scheduler.step()
            if update == at:
                group["lr"] *= factor

        train(model, optimizer, 80, after)

    return story


def edited_first():
    model, optimizer = sgd()
    scheduler = LambdaLR(optimizer, fall)
    optimizer.param_groups[0]["lr"] = 0.001
    train(model, optimizer, 80, stepping(scheduler))


def warmup_by_hand_beside_passes():
    model, optimizer = sgd()
    group = optimizer.param_groups[0]
    scheduler = LambdaLR(optimizer, lambda epoch: 1 - 0.09 * epoch)

    def before(update):
        if update < 30:
            due = 0.1 * (1 - 0.09 * (update // 10))
            group["lr"] = due * max(update, 1) / 30

    def after(update):
        if update % 10 == 9:
            scheduler.step()

    train(model, optimizer, 100, after, before)


# Of `per-group-lr-collapsed`.


def one_value_by_hand(share=None, *, late=False):
    def story():
        model = Net()
        optimizer = SGD(model.groups(), lr=1e-3)

        def write(update):
            for index, group in enumerate(optimizer.param_groups):
                group["lr"] = 0.1 * 0.98**update * (share[index] if share else 1)

        if late:
            train(model, optimizer, 60, write)
        else:
            train(model, optimizer, 60, before=write)

    return story


# Of `absolute-floor-breaks-ratios`.


class Floored(LRScheduler):
    def get_lr(self):
        return [max(2e-3, base * 0.9**self.last_epoch) for base in self.base_lrs]


def warm_and_floored(optimizer):
    parts = [
        LinearLR(optimizer, 0.1, total_iters=10),
        CosineAnnealingLR(optimizer, 50, eta_min=5e-3),
    ]
    return SequentialLR(optimizer, parts, [10])


# Of `unknown-group-key`.


def keyed(one, other, kind=AdamW, write=False):
    def story():
        model = Net()
        groups = [
            {"params": model.body.parameters(), **one},
            {"params": model.head.parameters(), **other},
        ]
        optimizer = kind(groups, lr=1e-3)

        def before(update):
            for group in optimizer.param_groups:
                group["lr"] = 1e-3 * 0.99**update * group["lr_scale"]

        train(model, optimizer, 60, before=before if write else None)

    return story


class Own(SGD):
    """An optimizer of the program's own, which may read any key."""


# Of `group-added-after-scheduler`.


def added(make, rebuilt=None):
    def story():
        model = Net()
        optimizer = SGD(model.head.parameters(), lr=0.1, momentum=0.9)
        scheduler = make(optimizer)
        train(model, optimizer, 20, stepping(scheduler))
        optimizer.add_param_group({"params": model.body.parameters(), "lr": 0.01})
        scheduler = rebuilt(optimizer) if rebuilt else scheduler
        train(model, optimizer, 40, stepping(scheduler))

    return story


def warm_then_cosine(optimizer):
    parts = [LinearLR(optimizer, 0.1, total_iters=40), CosineAnnealingLR(optimizer, 50)]
    return SequentialLR(optimizer, parts, [40])


# Of `scheduler-returns-fewer-lrs-than-groups`.


class First(LRScheduler):
    def step(self, epoch=None):
        del epoch
        self.last_epoch += 1
        rates = [0.1 * min(1, (self.last_epoch + 1) / 30)]
        for group, rate in zip(self.optimizer.param_groups, rates, strict=False):
            group["lr"] = rate


class Each(LRScheduler):
    def get_lr(self):
        return [base * min(1, (self.last_epoch + 1) / 30) for base in self.base_lrs]


def decayed_or_not(make):
    def story():
        model = Net()
        body, head = model.body.parameters(), model.head.parameters()
        groups = [{"params": body}, {"params": head, "weight_decay": 0.1}]
        optimizer = SGD(groups, lr=0.1)
        train(model, optimizer, 60, stepping(make(optimizer)))

    return story


def first_group_by_hand(groups):
    def story():
        model = Net()
        optimizer = SGD(groups(model), lr=0.1)

        def before(update):
            optimizer.param_groups[0]["lr"] = 1e-3 * 0.97**update

        train(model, optimizer, 60, before=before)

    return story


def alike(model):
    body, head = model.body.parameters(), model.head.parameters()
    return [{"params": body}, {"params": head, "weight_decay": 0.1}]


def fixed(model):
    body, head = model.body.parameters(), model.head.parameters()
    return [{"params": body, "fix_lr": False}, {"params": head, "fix_lr": True}]


# Of `second-optimizer-unscheduled`.


def together(one, other, *, apart=False, both=False):
    def story():
        model = Net()
        matrices = [model.body.weight, model.head.weight]
        first = one(matrices)
        second = other([model.body.bias, model.head.bias])
        schedulers = [CosineAnnealingLR(first, 60)]
        schedulers += [CosineAnnealingLR(second, 60)] if both else []
        for _ in range(60):
            model.zero_grad()
            model.loss().backward()
            first.step()
            if apart:
                model.loss().backward()
            second.step()
            stepping(*schedulers)(0)

    return story


def muon(parameters):
    return Muon(parameters, lr=0.02)


def adamw(parameters):
    return AdamW(parameters, lr=1e-3)


# Of `lr-finder-residue`.


def searched(make, *, put_back=False, chosen=None):
    def story():
        model, optimizer = sgd()
        state = copy.deepcopy(optimizer.state_dict())
        optimizer.param_groups[0]["lr"] = 1e-6
        train(model, optimizer, 50, stepping(ExponentialLR(optimizer, 1e6 ** (1 / 50))))
        if put_back:
            optimizer.load_state_dict(state)
        if chosen:
            optimizer.param_groups[0]["lr"] = chosen
        train(model, optimizer, 60, stepping(make(optimizer)))

    return story


def searched_by_hand(*, back=None, highest=3.0):
    """Return a story whose rate is written by hand, up to far beyond its own."""

    def story():
        model, optimizer = sgd()
        group = optimizer.param_groups[0]

        def before(update):
            if update < 50:
                group["lr"] = 1e-6 * (highest / 1e-6) ** (update / 49)
            elif back:
                group["lr"] = back

        train(model, optimizer, 110, before=before)

    return story


def exponential_warmup(step):
    return min(1.0, 1e-3 * 1e3 ** (step / 40))


# Of `lr-is-a-string`.


def text_later():
    model, optimizer = sgd()
    train(model, optimizer, 10)
    optimizer.param_groups[0]["lr"] = "1e-3"
    train(model, optimizer, 10)


# Of `optimizer-computes-its-own-lr`.


class AdamWScheduleFree(AdamW):
    """Stands for the one of the library of that name."""


def free(*, driven):
    def story():
        model = Net()
        optimizer = AdamWScheduleFree(model.parameters(), lr=0.1)
        after = stepping(CosineAnnealingLR(optimizer, 60)) if driven else None
        train(model, optimizer, 60, after)

    return story


def adafactor():
    model = Net()
    train(model, Adafactor(model.parameters(), lr=0.1), 10)


# Of `per-parameter-optimizers-in-backward`.


def in_backward(every=0, layers=15):
    def story():
        model = nn.Sequential(*[nn.Linear(4, 4) for _ in range(layers)])
        own = {each: SGD([each], lr=0.01) for each in model.parameters()}

        def hook(parameter):
            own[parameter].step()
            own[parameter].zero_grad()

        for each in model.parameters():
            each.register_post_accumulate_grad_hook(hook)
        spare = torch.zeros(1, requires_grad=True)
        spare.grad = torch.zeros(1)
        loop = SGD([spare], lr=0.01)
        for update in range(40):
            model(torch.ones(2, 4)).square().mean().backward()
            if every and update % every == every - 1:
                loop.step()

    return story


def one_after_another(count=23):
    for index in range(count):
        weight = nn.Parameter(torch.ones(3))
        optimizer = SGD([weight], lr=0.01 * (1 + index))
        for _ in range(6):
            optimizer.zero_grad()
            weight.square().sum().backward()
            optimizer.step()


# Of `applied-differs-from-plan`.


def driven(*, meddled):
    def meddle(optimizer, *_):
        optimizer.param_groups[0]["lr"] = 0.05

    def story():
        model, optimizer = sgd()
        lrscope.drive(optimizer, lrscope.constant())
        train(model, optimizer, 30)
        if meddled:
            optimizer.register_step_pre_hook(meddle)
        train(model, optimizer, 30)

    return story


def cosine(optimizer):
    return CosineAnnealingLR(optimizer, 60)


def half_steps(optimizer):
    return StepLR(optimizer, 30, 0.5)


FIRES = {
    "sched-bound-to-another-optimizer": {
        "a copied optimizer": copied,
        "a copied scheduler": copied_scheduler,
        "an optimizer made again": made_again,
    },
    "wrapper-param-groups-diverged": {
        "a stale reference": around(apart=True),
        "an optimizer inside": outer(apart=True),
    },
    "two-writers-one-optimizer": {
        "a warm-up erases stairs": plain(
            lambda o: (LambdaLR(o, rise), StepLR(o, 20, 0.1))
        ),
        "the same twice": plain(
            lambda o: (ExponentialLR(o, 0.97), ExponentialLR(o, 0.97))
        ),
        "an average that is not left alone": averaged(both=True),
        "a warm-up erases cuts": plateau_and_lambda(lambda _: 1.0),
    },
    "closed-form-erases-chained": {
        "the last": plain(
            lambda o: ChainedScheduler([ExponentialLR(o, 0.95), LambdaLR(o, rise)])
        ),
        "the first": plain(
            lambda o: ChainedScheduler([LambdaLR(o, rise), ExponentialLR(o, 0.95)])
        ),
    },
    "initial_lr-poisons-second-scheduler": {
        "a stage of its own rate": two_stages(0.01, lambda o: LambdaLR(o, fall)),
        "one that is not used": unused(lambda o: LinearLR(o, 0.1, total_iters=10)),
        "over a warm-up": in_phases(
            lambda o: LinearLR(o, 0.1, total_iters=10), lambda o: LambdaLR(o, fall)
        ),
        "cyclic": two_stages(None, lambda o: CyclicLR(o, 1e-4, 1e-2, 10)),
    },
    "manual-edit-clobbered": {
        "one update": edited(lambda o: LambdaLR(o, fall), 30),
        "one pass": edited(lambda o: CosineAnnealingWarmRestarts(o, 20), 44, 10),
        "before the first update": edited_first,
    },
    "per-group-lr-collapsed": {
        "one max_lr": grouped(lambda o: OneCycleLR(o, 0.1, total_steps=60)),
        "by hand": one_value_by_hand(),
        "by hand, after the update": one_value_by_hand(late=True),
    },
    "absolute-floor-breaks-ratios": {
        "eta_min": grouped(lambda o: CosineAnnealingLR(o, 60, eta_min=5e-3)),
        "in a sequence": grouped(warm_and_floored),
        "of a class of one's own": grouped(Floored),
    },
    "unknown-group-key": {
        "a factor": keyed({"lr_mul": 10}, {}),
        "a rate": keyed({"learning_rate": 1e-4}, {}, SGD),
        "written all the time": written_beside,
    },
    "group-added-after-scheduler": {
        "linear": added(lambda o: LinearLR(o, 0.1, total_iters=50)),
        "in a sequence": added(warm_then_cosine),
        "lambda raises": added(lambda o: LambdaLR(o, fall)),
        "one cycle raises": added(lambda o: OneCycleLR(o, 0.1, total_steps=60)),
    },
    "scheduler-returns-fewer-lrs-than-groups": {
        "a class of one's own": decayed_or_not(First),
        "by hand": first_group_by_hand(alike),
    },
    "second-optimizer-unscheduled": {"muon and adamw": together(muon, adamw)},
    "lr-finder-residue": {
        "its last rate": searched(half_steps),
        "by hand": searched_by_hand(),
        "its first rate as base": searched(lambda o: LambdaLR(o, fall), chosen=0.05),
    },
    "lr-is-a-string": {"written later": text_later},
    "optimizer-computes-its-own-lr": {"and is scheduled": free(driven=True)},
    "per-parameter-optimizers-in-backward": {"accumulation": in_backward(4)},
    "applied-differs-from-plan": {"a hook beside the driver": driven(meddled=True)},
}

QUIET = {
    "sched-bound-to-another-optimizer": {
        "asked for its curve": asked_for_its_curve,
        "copied by hand": copied_by_hand,
    },
    "wrapper-param-groups-diverged": {"one list": around(apart=False)},
    "two-writers-one-optimizer": {
        "documented chaining": plain(
            lambda o: (ExponentialLR(o, 0.97), MultiStepLR(o, [30, 50]))
        ),
        "phases": one_phase_each,
        "an average": averaged(both=False),
        "a plateau that never cuts": plateau_and_lambda(lambda i: 1 / (1 + i)),
    },
    "closed-form-erases-chained": {
        "such as multiply": plain(
            lambda o: ChainedScheduler(
                [LinearLR(o, 0.1, total_iters=5), ExponentialLR(o, 0.95)]
            )
        ),
    },
    "initial_lr-poisons-second-scheduler": {
        "initial_lr written": two_stages(
            0.01, lambda o: LambdaLR(o, fall), initial=True
        ),
        "a restart": two_stages(None, lambda o: LambdaLR(o, fall)),
        "a warm-up over it": in_phases(
            lambda o: LinearLR(o, 0.1, total_iters=10),
            lambda o: CosineAnnealingLR(o, 51),
        ),
        "one that changes nothing": unused(half_steps),
        "one that multiplies": two_stages(0.01, half_steps),
    },
    "manual-edit-clobbered": {
        "kept by stairs": edited(half_steps, 40),
        "warm-up by hand": warmup_by_hand_beside_passes,
    },
    "per-group-lr-collapsed": {
        "a list": grouped(lambda o: OneCycleLR(o, [1e-3, 1e-1], total_steps=60)),
        "shares by hand": one_value_by_hand((0.1, 1)),
        "shares by hand, after the update": one_value_by_hand((0.1, 1), late=True),
    },
    "absolute-floor-breaks-ratios": {
        "below all": grouped(lambda o: CosineAnnealingLR(o, 60, eta_min=1e-5)),
        "an own function": grouped(lambda o: LambdaLR(o, [lambda s: 1 + s, fall])),
    },
    "unknown-group-key": {
        "used by the program": keyed(
            {"lr_scale": 0.1}, {"lr_scale": 1.0}, SGD, write=True
        ),
        "the same for all": keyed({"lr_mult": 0.5}, {"lr_mult": 0.5}),
    },
    "group-added-after-scheduler": {
        "stairs": added(half_steps),
        "cosine": added(cosine),
        "made anew": added(
            lambda o: LinearLR(o, 0.1, total_iters=20),
            lambda o: CosineAnnealingLR(o, 40),
        ),
    },
    "scheduler-returns-fewer-lrs-than-groups": {
        "all of them": decayed_or_not(Each),
        "one of two on purpose": first_group_by_hand(Net.groups),
        "it says so": first_group_by_hand(fixed),
    },
    "second-optimizer-unscheduled": {
        "both": together(muon, adamw, both=True),
        "centres": together(adamw, lambda p: SGD(p, lr=0.5)),
    },
    "lr-finder-residue": {
        "put back": searched(half_steps, put_back=True),
        "put back by hand": searched_by_hand(back=0.1),
        "a warm-up by hand": searched_by_hand(highest=0.4),
        "a warm-up": plain(lambda o: LambdaLR(o, exponential_warmup)),
    },
    "lr-is-a-string": {"numbers": plain(half_steps)},
    "optimizer-computes-its-own-lr": {"used as designed": free(driven=False), "adafactor": adafactor},
    "per-parameter-optimizers-in-backward": {"no accumulation": in_backward()},
    "applied-differs-from-plan": {
        "obeyed": driven(meddled=False),
        "as torch's own says": plain(cosine),
        "a rate by hand": edited(half_steps, 40),
    },
}  # fmt: skip

NOTHING = {"no scheduler": plain()}
CANNOT = {
    "sched-bound-to-another-optimizer": NOTHING,
    "wrapper-param-groups-diverged": NOTHING,
    "two-writers-one-optimizer": {**NOTHING, "one": plain(cosine)},
    "closed-form-erases-chained": {**NOTHING, "no chain": plain(cosine)},
    "initial_lr-poisons-second-scheduler": {**NOTHING, "one": plain(cosine)},
    "manual-edit-clobbered": {**NOTHING, "nothing by hand": plain(cosine)},
    "per-group-lr-collapsed": {**NOTHING, "one group": plain(cosine)},
    "absolute-floor-breaks-ratios": {**NOTHING, "one group": plain(cosine)},
    "unknown-group-key": {
        "an optimizer that may read it": keyed({"lr_mul": 10}, {}, Own)
    },
    "group-added-after-scheduler": {**NOTHING, "one group": plain(cosine)},
    "scheduler-returns-fewer-lrs-than-groups": {
        **NOTHING,
        "torch's own": grouped(cosine),
    },
    "second-optimizer-unscheduled": {
        **NOTHING,
        "backward calls of their own": together(muon, adamw, apart=True),
    },
    "lr-finder-residue": NOTHING,
    "applied-differs-from-plan": NOTHING,
    "per-parameter-optimizers-in-backward": {
        **NOTHING,
        "few": in_backward(layers=4),
        "trained one after another": one_after_another,
    },
}
