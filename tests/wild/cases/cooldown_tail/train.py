"""Cosine to a floor, then a planned cool-down at the floor (timm's --cooldown-epochs)."""
import argparse

import torch
from torch import nn
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, SequentialLR
from torch.utils.data import DataLoader, TensorDataset


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=12)
    p.add_argument("--cooldown-epochs", type=int, default=4)
    p.add_argument("--lr", type=float, default=0.1)
    p.add_argument("--min-lr", type=float, default=2e-3)
    args = p.parse_args()
    torch.manual_seed(26)
    x = torch.randn(760, 22)
    y = (x @ torch.randn(22, 4)).argmax(1)
    loader = DataLoader(TensorDataset(x[:600], y[:600]), batch_size=30, shuffle=True)
    model = nn.Sequential(nn.Linear(22, 64), nn.ReLU(), nn.Linear(64, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    cosine = CosineAnnealingLR(optimizer, T_max=args.epochs, eta_min=args.min_lr)
    floor = ConstantLR(optimizer, factor=args.min_lr / args.lr, total_iters=args.cooldown_epochs + 1)
    scheduler = SequentialLR(optimizer, [cosine, floor], milestones=[args.epochs])
    for epoch in range(args.epochs + args.cooldown_epochs):
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
        used = optimizer.param_groups[0]["lr"]
        scheduler.step()
        with torch.no_grad():
            acc = (model(x[600:]).argmax(1) == y[600:]).float().mean().item()
        print(f"epoch {epoch:2d} lr {used:.4f} loss {loss.item():.4f} acc {acc:.3f}")


if __name__ == "__main__":
    main()
