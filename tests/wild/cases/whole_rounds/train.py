"""Iris: five rounds of a whole cosine each, a snapshot after every one."""

import copy

import torch
from sklearn.datasets import load_iris
from torch import nn

torch.manual_seed(0)
raw = load_iris()
inputs = torch.tensor(raw.data, dtype=torch.float32)
labels = torch.tensor(raw.target)
ROUNDS, STEPS = 5, 40

model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
snapshots = []
for _ in range(ROUNDS):
    for group in optimizer.param_groups:
        group["lr"] = group["initial_lr"] = 0.1
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        chosen = torch.randint(len(inputs), (32,))
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs[chosen]), labels[chosen]).backward()
        optimizer.step()
        scheduler.step()
    snapshots.append(copy.deepcopy(model.state_dict()))
print(len(snapshots), "snapshots")
