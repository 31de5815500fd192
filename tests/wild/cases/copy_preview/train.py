"""Draws the schedule from a deep copy before the training starts."""
import copy
import warnings

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
from torch.utils.data import DataLoader, TensorDataset


def preview(scheduler, steps, columns=40):
    twin = copy.deepcopy(scheduler)
    values = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(steps):
            values.append(twin.get_last_lr()[0])
            twin.step()
    top = max(values)
    print("".join(" .:-=+*#%@"[round(9 * values[i * (steps - 1) // (columns - 1)] / top)] for i in range(columns)))


def main(epochs=10):
    torch.manual_seed(25)
    x = torch.randn(700, 11)
    y = (x[:, :1] - 0.5 * x[:, 1:2] ** 2).sin()
    loader = DataLoader(TensorDataset(x, y), batch_size=35, shuffle=True)
    model = nn.Sequential(nn.Linear(11, 48), nn.GELU(), nn.Linear(48, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=6e-3)
    total, warm = epochs * len(loader), 25
    scheduler = SequentialLR(optimizer, [LinearLR(optimizer, 0.04, total_iters=warm), CosineAnnealingLR(optimizer, total - warm)], [warm])
    preview(scheduler, total)
    for epoch in range(epochs):
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(xb), yb)
            loss.backward()
            optimizer.step()
            scheduler.step()
        print(f"epoch {epoch} loss {loss.item():.5f}")


if __name__ == "__main__":
    main()
