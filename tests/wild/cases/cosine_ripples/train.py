"""Cosine ripples: the rate falls for one epoch and rises for the next, on purpose."""
import argparse

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset

p = argparse.ArgumentParser()
p.add_argument("--epochs", type=int, default=15)
p.add_argument("--half-period-epochs", type=float, default=1.0, help="T_max is half of a cosine period")
args = p.parse_args()

torch.manual_seed(5)
x = torch.rand(800, 3) * 2 - 1
y = torch.sin(4 * x[:, :1]) * torch.cos(3 * x[:, 1:2]) + x[:, 2:]
loader = DataLoader(TensorDataset(x[:640], y[:640]), batch_size=32, shuffle=True)
model = nn.Sequential(nn.Linear(3, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
half_period = int(args.half_period_epochs * len(loader))
scheduler = CosineAnnealingLR(optimizer, T_max=half_period, eta_min=5e-5)
for epoch in range(args.epochs):
    for xb, yb in loader:
        loss = nn.functional.mse_loss(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    with torch.no_grad():
        val = nn.functional.mse_loss(model(x[640:]), y[640:]).item()
    at = "valley" if epoch % 2 == 0 else "crest"
    print(f"epoch {epoch:2d} ({at}) train {loss.item():.5f} val {val:.5f}")
