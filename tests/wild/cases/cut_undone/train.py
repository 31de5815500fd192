"""Concrete strength: the rate is cut by hand when the validation error stops falling."""
import torch
from sklearn.datasets import make_friedman1
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset


class StallGuard:
    """Cuts the learning rate once the metric has stalled."""

    def __init__(self, optimizer, patience=1, factor=0.1):
        self.optimizer, self.patience, self.factor = optimizer, patience, factor
        self.best, self.bad, self.cuts = float("inf"), 0, 0

    def update(self, value):
        if value < self.best - 0.01:
            self.best, self.bad = value, 0
            return
        self.bad += 1
        if self.bad > self.patience:
            self.bad, self.cuts = 0, self.cuts + 1
            for group in self.optimizer.param_groups:
                group["lr"] *= self.factor
            print(f"  stalled: learning rate cut to {self.optimizer.param_groups[0]['lr']:.2e}")


def main():
    torch.manual_seed(58)
    x, y = make_friedman1(1100, noise=1.0, random_state=5)
    x, y = torch.tensor(x, dtype=torch.float32), torch.tensor((y - y.mean()) / y.std(), dtype=torch.float32)[:, None]
    loader = DataLoader(TensorDataset(x[:800], y[:800]), batch_size=40, shuffle=True)
    model = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=4e-3)
    epochs = 24
    total = epochs * len(loader)
    scheduler = LambdaLR(optimizer, lambda s: min(1.0, (s + 1) / 40) * (1 - 0.5 * s / total))
    guard = StallGuard(optimizer)
    for epoch in range(epochs):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(xb), yb).backward()
            optimizer.step()
            scheduler.step()
        model.eval()
        with torch.no_grad():
            val = nn.functional.mse_loss(model(x[800:]), y[800:]).item()
        print(f"epoch {epoch:2d} val {val:.4f}")
        guard.update(val)


if __name__ == "__main__":
    main()
