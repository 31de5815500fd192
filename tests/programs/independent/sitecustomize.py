"""An independent reading: torch's own global step hooks, one line of JSON per step.

Put this folder on PYTHONPATH and name a directory in READINGS: each process that
takes an optimizer step leaves ``<rank>-<pid>.jsonl`` there. Nothing of lrscope is
used. A line holds optimizer, rate by group as hexadecimal floats, and whether the
step updated: some gradient was there and, under a GradScaler, all were finite.
"""

import json
import os
import threading

import torch
from torch.optim import optimizer as hooked

optimizers = []  # kept alive, so that no identity is used twice
groups = {}
local = threading.local()


def number_of(optimizer):
    for number, each in enumerate(optimizers):
        if each is optimizer:
            return number
    optimizers.append(optimizer)
    return len(optimizers) - 1


def rates_of(optimizer):
    rates = {}
    for group in optimizer.param_groups:
        known = groups.setdefault(number_of(optimizer), [])
        first = group["params"][0]
        if not any(each is first for each in known):
            known.append(first)
        place = next(n for n, each in enumerate(known) if each is first)
        rates[place] = float(group["lr"]).hex()
    return rates


def gradients_of(optimizer):
    every = (each.grad for group in optimizer.param_groups for each in group["params"])
    return [each for each in every if each is not None]


def write(optimizer, rates, updated):
    name = f"{os.environ.get('RANK', 'x')}-{os.getpid()}.jsonl"
    with open(os.path.join(os.environ["READINGS"], name), "a") as file:
        print(json.dumps([number_of(optimizer), rates, updated]), file=file)


def before(optimizer, *_):
    steps = local.__dict__.setdefault("steps", [])
    steps.append([optimizer, rates_of(optimizer), False])


def after(optimizer, *_):
    steps = local.steps
    while steps[-1][0] is not optimizer:
        steps.pop()  # it raised
    _, rates, within = steps.pop()
    if within:
        return  # a step inside this one did the work
    overflow = getattr(local, "overflow", False)
    write(optimizer, rates, bool(gradients_of(optimizer)) and not overflow)
    own = {id(each) for group in optimizer.param_groups for each in group["params"]}
    for step in steps:
        if any(
            id(each) in own
            for group in step[0].param_groups
            for each in group["params"]
        ):
            step[2] = True


def scaled(original):
    def step(scaler, optimizer, *args, **kwargs):
        if not scaler.is_enabled():
            return original(scaler, optimizer, *args, **kwargs)
        gradients = gradients_of(optimizer)
        local.overflow = not all(torch.isfinite(each).all() for each in gradients)
        rates, count = rates_of(optimizer), len(getattr(local, "steps", []))
        called = []
        handle = optimizer.register_step_pre_hook(lambda *_: called.append(1))
        try:
            return original(scaler, optimizer, *args, **kwargs)
        finally:
            handle.remove()
            if local.overflow and not called:
                write(optimizer, rates, False)
            local.__dict__.setdefault("steps", [])[count:] = []
            local.overflow = False

    return step


if "READINGS" in os.environ:
    hooked.register_optimizer_step_pre_hook(before)
    hooked.register_optimizer_step_post_hook(after)
    scaler = torch.amp.GradScaler
    scaler.step = scaled(scaler.step)
