"""Trainings whose groups, or the settings in them, change."""

from __future__ import annotations

import functools

import torch
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR, OneCycleLR

from .trainings import net, pair, train


def many_groups(count):
    many = [torch.nn.Parameter(torch.ones(1)) for _ in range(count)]
    optimizer = SGD([{"params": [each]} for each in many], lr=0.1)
    scheduler = LambdaLR(optimizer, lambda step: 0.9 ** (step // 4))
    for index in range(40):
        torch.cat(many).sum().backward()
        optimizer.step()
        scheduler.step()
        if index == 10:
            optimizer.param_groups[-1]["weight_decay"] = 0.1
        if index == 21:
            optimizer.param_groups[count // 2]["weight_decay"] = 0.2
        if index == 30:
            optimizer.param_groups[0]["weight_decay"] = 0.3


def a_group_is_added():
    model = net()
    optimizer = SGD(model[0].parameters(), lr=0.1)
    scheduler = ExponentialLR(optimizer, 0.9)
    train(model, optimizer, steps=3)
    optimizer.add_param_group({"params": model[2].parameters(), "lr": 0.3})
    scheduler.base_lrs.append(0.3)
    train(model, optimizer, scheduler, steps=4)


def groups_are_replaced():
    class Named(dict):
        def __getitem__(self, key):
            return 0.25 if key == "lr" else super().__getitem__(key)

    many = [torch.nn.Parameter(torch.ones(1)) for _ in range(10)]
    optimizer = SGD([{"params": [each]} for each in many], lr=0.1)
    for index in range(20):
        torch.cat(many).sum().backward()
        optimizer.step()
        groups = optimizer.param_groups
        if index == 3:
            groups[0] = dict(groups[0])
        if index == 6:
            groups[9] = dict(groups[9], lr=0.5)
        if index == 9:
            optimizer.param_groups = list(groups)
        if index in (12, 15):  # groups take turns: it is not looked at in both
            groups[9] = Named(groups[9])
        if index == 13:
            groups[9] = dict(groups[9])
        if index == 17:
            optimizer.load_state_dict(optimizer.state_dict())


def settings_by_hand():
    model = net()
    optimizer = AdamW(pair(model), weight_decay=0.1)
    for index in range(12):
        train(model, optimizer, steps=1)
        group = optimizer.param_groups[index % 2]
        if index > 6:
            group["weight_decay"] = 0.01 * index
        if index == 4:
            group["betas"] = [0.8, 0.9]
        if index == 6:
            group["betas"][0] = 0.7
        if index == 9:
            group["weight_decay"] = 1
        if index == 10:
            group["eps"] = float("nan")


def keys_change_places():
    model = net()
    optimizer = AdamW(pair(model))
    for group in optimizer.param_groups:
        group["spare"] = "x"
        group["eps"] = group.pop("eps")
    scheduler = ExponentialLR(optimizer, 0.9)
    another = "no lr"[3:]  # not the object that the groups have
    for index in range(24):
        train(model, optimizer, scheduler, steps=1)
        group = optimizer.param_groups[index % 2]
        if index % 5 == 3 and index < 20:
            key = ("lr", "betas", "weight_decay", "eps")[index // 5]
            group[key] = group.pop(key)
        if index in (6, 16):
            turned = list(group.items())[::-1]
            group.clear()
            group.update(turned)
        if index == 11:
            group[another] = 0.5
        if index == 13:
            del group["spare"]  # what follows it stays where it is
            group["weight_decay"] = 0.3
        if index == 19:
            optimizer.param_groups[index % 2] = {another: 0.125, **group}


def momentum_cycles_in_nine_groups():
    many = [torch.nn.Parameter(torch.ones(1)) for _ in range(9)]
    optimizer = SGD([{"params": [each]} for each in many], lr=0.1, momentum=0.9)
    scheduler = OneCycleLR(optimizer, 0.1, total_steps=20)
    for _ in range(15):
        torch.cat(many).sum().backward()
        optimizer.step()
        scheduler.step()


OF_GROUPS = [
    a_group_is_added, groups_are_replaced, settings_by_hand, keys_change_places,
    momentum_cycles_in_nine_groups,
    *(functools.partial(many_groups, count) for count in (1, 8, 9, 64)),
]  # fmt: skip
