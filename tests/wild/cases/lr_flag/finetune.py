"""Spectrum regression; continue with a smaller step size through --lr."""
import argparse
import pathlib

import torch
from torch import nn
from torch.optim.lr_scheduler import MultiStepLR
from torch.utils.data import DataLoader, TensorDataset


def get_parser():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=1e-2)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--resume", type=pathlib.Path)
    parser.add_argument("--save", type=pathlib.Path, default=pathlib.Path("model.pt"))
    return parser


def spectra(n):
    centre = torch.rand(n, 1) * 30
    axis = torch.arange(30.0)
    return torch.exp(-((axis - centre) ** 2) / 8) + 0.1 * torch.randn(n, 30), centre / 30


def main():
    args = get_parser().parse_args()
    torch.manual_seed(37)
    x, y = spectra(1000)
    loader = DataLoader(TensorDataset(x[:800], y[:800]), batch_size=40, shuffle=True)
    model = nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    scheduler = MultiStepLR(optimizer, milestones=[6, 14], gamma=0.1)
    print(f"training with lr {args.lr}")
    start = 0
    if args.resume:
        saved = torch.load(args.resume)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        scheduler.load_state_dict(saved["scheduler"])
        start = saved["epoch"]
    for epoch in range(start, start + args.epochs):
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(xb), yb)
            loss.backward()
            optimizer.step()
        scheduler.step()
        with torch.no_grad():
            val = nn.functional.mse_loss(model(x[800:]), y[800:]).item()
        print(f"epoch {epoch + 1} val {val:.6f}")
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    torch.save({**state, "epoch": start + args.epochs}, args.save)


if __name__ == "__main__":
    main()
