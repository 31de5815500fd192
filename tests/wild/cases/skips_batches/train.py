"""Leaves out batches whose loss is not finite; the schedule counts batches."""
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset

EPOCHS = 6


def main():
    torch.manual_seed(3)
    x = torch.randn(200, 6)
    x[[33, 77, 140]] = float("inf")
    loader = DataLoader(TensorDataset(x, x[:, :1].sin()), batch_size=10)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = CosineAnnealingLR(optimizer, EPOCHS * len(loader))
    for epoch in range(EPOCHS):
        for xb, yb in loader:
            loss = nn.functional.mse_loss(model(xb), yb)
            if not torch.isfinite(loss):
                scheduler.step()
                continue
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
        print(epoch, loss.item())


main()
