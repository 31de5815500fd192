import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def spirals(n):
    k = torch.randint(0, 2, (n,))
    r = torch.rand(n) * 3
    a = r * 2 + k * 3.1416
    return torch.stack([r * a.cos(), r * a.sin()], 1) + 0.05 * torch.randn(n, 2), k


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=6)
    p.add_argument("--resume", action="store_true")
    a = p.parse_args()
    torch.manual_seed(16)
    loader = DataLoader(TensorDataset(*spirals(600)), batch_size=20, shuffle=True)
    model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
    opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.1, total_steps=a.epochs * len(loader))
    first = 0
    if a.resume:
        ck = torch.load("s.pt")
        model.load_state_dict(ck["m"])
        opt.load_state_dict(ck["o"])
        sched.load_state_dict(ck["s"])
        first = ck["e"]
    for epoch in range(first, a.epochs):
        for x, y in loader:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            sched.step()
        print(epoch, f"{loss.item():.3f}")
    torch.save({"m": model.state_dict(), "o": opt.state_dict(), "s": sched.state_dict(), "e": a.epochs}, "s.pt")


main()
