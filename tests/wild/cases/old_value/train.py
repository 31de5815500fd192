"""Rotated-digit angle regression; validation is slow and runs every fifth epoch."""
import argparse
import math

import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset


def arrows(n, size=12):
    angle = torch.rand(n) * math.pi
    axis = torch.linspace(-1, 1, size)
    yy, xx = torch.meshgrid(axis, axis, indexing="ij")
    dist = (xx * angle.sin()[:, None, None] - yy * angle.cos()[:, None, None]).abs()
    image = (dist < 0.15).float() + 0.3 * torch.randn(n, size, size)
    return image.flatten(1), torch.stack([(2 * angle).cos(), (2 * angle).sin()], 1)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=40)
    p.add_argument("--val-every", type=int, default=5)
    p.add_argument("--lr", type=float, default=3e-4)
    args = p.parse_args()
    torch.manual_seed(52)
    x, y = arrows(800)
    vx, vy = arrows(300)
    loader = DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True)
    model = nn.Sequential(nn.Linear(144, 64), nn.ReLU(), nn.Linear(64, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    scheduler = ReduceLROnPlateau(optimizer, factor=0.2, patience=3)
    val_loss = None
    for epoch in range(args.epochs):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(xb), yb).backward()
            optimizer.step()
        if epoch % args.val_every == 0:
            model.eval()
            with torch.no_grad():
                val_loss = nn.functional.mse_loss(model(vx), vy).item()
            print(f"epoch {epoch:2d} val {val_loss:.4f} lr {optimizer.param_groups[0]['lr']:.1e}")
        scheduler.step(val_loss)


if __name__ == "__main__":
    main()
