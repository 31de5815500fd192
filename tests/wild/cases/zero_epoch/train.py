"""Music-mood regressor with a warmup of five epochs."""
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class OptimConfig:
    lr: float = 3e-3
    warmup_epochs: int = 5
    decay: float = 0.93


@dataclass
class Config:
    epochs: int = 20
    batch_size: int = 50
    optim: OptimConfig = field(default_factory=OptimConfig)


def songs(n):
    mel = torch.randn(n, 8, 20).cumsum(-1) / 4
    return mel, torch.stack([mel.mean((1, 2)), mel.amax((1, 2))], 1)


class Mood(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(8, 24, 5)
        self.fc = nn.Linear(48, 2)

    def forward(self, x):
        h = torch.relu(self.conv(x))
        return self.fc(torch.cat([h.mean(-1), h.amax(-1)], 1))


def make_schedule(optimizer, cfg):
    def factor(epoch):
        if epoch < cfg.warmup_epochs:
            return epoch / cfg.warmup_epochs
        return cfg.decay ** (epoch - cfg.warmup_epochs)

    return LambdaLR(optimizer, factor)


def main():
    cfg = Config()
    torch.manual_seed(45)
    x, y = songs(1000)
    loader = DataLoader(TensorDataset(x[:800], y[:800]), batch_size=cfg.batch_size, shuffle=True)
    model = Mood()
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg.optim.lr)
    scheduler = make_schedule(optimizer, cfg.optim)
    for epoch in range(cfg.epochs):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(xb), yb)
            loss.backward()
            optimizer.step()
        scheduler.step()
        model.eval()
        with torch.no_grad():
            val = nn.functional.mse_loss(model(x[800:]), y[800:]).item()
        print(f"epoch {epoch + 1:2d} train {loss.item():.4f} val {val:.4f}")


if __name__ == "__main__":
    main()
