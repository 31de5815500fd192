"""Discriminative rates for fine-tuning, cosine set by hand each iteration."""
import argparse
import math

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def cosine(step, total, high, low=0.0):
    return low + 0.5 * (high - low) * (1 + math.cos(math.pi * step / total))


def assign(optimizer, lr):
    for group in optimizer.param_groups:
        group["lr"] = lr


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--lr", type=float, default=0.1)
    p.add_argument("--backbone-factor", type=float, default=0.02)
    p.add_argument("--epochs", type=int, default=10)
    args = p.parse_args()
    torch.manual_seed(47)
    x = torch.randn(900, 10, 6)
    y = (x[:, :5].mean((1, 2)) > x[:, 5:].mean((1, 2))).long()
    loader = DataLoader(TensorDataset(x[:700], y[:700]), batch_size=28, shuffle=True)
    backbone = nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Flatten(), nn.Linear(240, 32), nn.Tanh())
    head = nn.Linear(32, 2)
    optimizer = torch.optim.SGD(
        [
            {"params": backbone.parameters(), "lr": args.lr * args.backbone_factor, "name": "backbone"},
            {"params": head.parameters(), "lr": args.lr, "name": "head"},
        ],
        momentum=0.9,
    )
    total, step = args.epochs * len(loader), 0
    for epoch in range(args.epochs):
        for xb, yb in loader:
            assign(optimizer, cosine(step, total, args.lr))
            loss = nn.functional.cross_entropy(head(backbone(xb)), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
        with torch.no_grad():
            acc = (head(backbone(x[700:])).argmax(1) == y[700:]).float().mean().item()
        print(f"epoch {epoch} loss {loss.item():.4f} acc {acc:.3f} lr {optimizer.param_groups[0]['lr']:.4f}")


if __name__ == "__main__":
    main()
