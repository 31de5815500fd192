"""Gesture classifier from accelerometer-like traces."""
import warnings

import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

from preview import preview


def traces(n, length=40):
    y = torch.randint(4, (n,))
    t = torch.linspace(0, 1, length)
    shape = torch.stack([torch.sin(6 * t), torch.sign(t - 0.5), t * 2 - 1, torch.cos(12 * t)])
    x = shape[y][:, None] * torch.tensor([1.0, -0.5, 0.3])[:, None] + 0.9 * torch.randn(n, 3, length)
    return x, y


class Gesture(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv1d(3, 12, 5), nn.ReLU(), nn.MaxPool1d(4), nn.Flatten(), nn.Linear(108, 4))

    def forward(self, x):
        return self.net(x)


def main(epochs=18):
    warnings.filterwarnings("ignore")
    torch.manual_seed(60)
    x, y = traces(1000)
    loader = DataLoader(TensorDataset(x[:800], y[:800]), batch_size=40, shuffle=True)
    model = Gesture()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    scheduler = StepLR(optimizer, step_size=6, gamma=0.1)
    preview(scheduler, epochs)
    for epoch in range(epochs):
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        with torch.no_grad():
            acc = (model(x[800:]).argmax(1) == y[800:]).float().mean().item()
        print(f"epoch {epoch:2d} loss {total / len(loader):.4f} acc {acc:.3f}")


if __name__ == "__main__":
    main()
