"""Sensor drift regression; plateau settings copied from an accuracy script."""
import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset


def sensors(n):
    t = torch.rand(n, 1) * 4
    x = torch.cat([torch.sin(t * k) for k in (1, 2, 3)] + [torch.randn(n, 5) * 0.3], 1)
    return x, t.sqrt() + 0.05 * torch.randn(n, 1)


class Meter:
    def __init__(self):
        self.total, self.count = 0.0, 0

    def add(self, value, n):
        self.total, self.count = self.total + value * n, self.count + n

    @property
    def mean(self):
        return self.total / self.count


def main(epochs=24):
    torch.manual_seed(33)
    x, y = sensors(900)
    loader = DataLoader(TensorDataset(x[:700], y[:700]), batch_size=50, shuffle=True)
    val_loader = DataLoader(TensorDataset(x[700:], y[700:]), batch_size=100)
    model = nn.Sequential(nn.Linear(8, 40), nn.Tanh(), nn.Linear(40, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
    scheduler = ReduceLROnPlateau(optimizer, mode="max", factor=0.1, patience=3)
    for epoch in range(epochs):
        train, val = Meter(), Meter()
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(xb), yb)
            loss.backward()
            optimizer.step()
            train.add(loss.item(), len(xb))
        with torch.no_grad():
            for xb, yb in val_loader:
                val.add(nn.functional.mse_loss(model(xb), yb).item(), len(xb))
        scheduler.step(val.mean)
        print(f"epoch {epoch:2d} train {train.mean:.4f} val {val.mean:.4f} lr {optimizer.param_groups[0]['lr']:.1e}")


if __name__ == "__main__":
    main()
