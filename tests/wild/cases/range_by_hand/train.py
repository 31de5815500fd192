"""Looks for a rate by hand, puts the weights back and trains."""
import copy

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def cycle(loader):
    while True:
        yield from loader


def find_lr(model, opt, loader, lo=1e-6, hi=3.0, steps=60):
    weights = copy.deepcopy(model.state_dict())
    mult = (hi / lo) ** (1 / (steps - 1))
    history, data = [], cycle(loader)
    for group in opt.param_groups:
        group["lr"] = lo
    for i in range(steps):
        x, y = next(data)
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
        history.append((opt.param_groups[0]["lr"], loss.item()))
        if i < steps - 1:
            for group in opt.param_groups:
                group["lr"] *= mult
    model.load_state_dict(weights)
    return min(history, key=lambda t: t[1])[0] / 10


def main():
    torch.manual_seed(70)
    x = torch.randn(500, 15)
    y = (x[:, :5].sum(1) > 0).long() + (x[:, 5] > 1).long()
    loader = DataLoader(TensorDataset(x, y), batch_size=25, shuffle=True)
    model = nn.Sequential(nn.Linear(15, 32), nn.Tanh(), nn.Linear(32, 3))
    opt = torch.optim.SGD(model.parameters(), lr=0.05)
    suggestion = find_lr(model, opt, loader)
    print(f"suggested lr {suggestion:.2e}")
    for epoch in range(10):
        for xb, yb in loader:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            opt.step()
        print(epoch, f"{loss.item():.4f}")


main()
