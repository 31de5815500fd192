"""Tabular transformer; the schedule has its own section in the configuration."""
import torch
from sklearn.datasets import load_breast_cancer
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset

from config import SchedulerConfig, TrainConfig


class TabFormer(nn.Module):
    def __init__(self, features=30, width=16):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features, width) * 0.1)
        self.bias = nn.Parameter(torch.zeros(features, width))
        self.block = nn.TransformerEncoderLayer(width, 2, 32, dropout=0.0, batch_first=True)
        self.out = nn.Linear(width, 2)

    def forward(self, x):
        return self.out(self.block(x[..., None] * self.weight + self.bias).mean(1))


def main():
    cfg, sched_cfg = TrainConfig(), SchedulerConfig()
    torch.manual_seed(78)
    bunch = load_breast_cancer()
    x = torch.tensor(bunch.data, dtype=torch.float32)
    x, y = (x - x.mean(0)) / x.std(0), torch.tensor(bunch.target)
    order = torch.randperm(len(x))
    x, y = x[order], y[order]
    loader = DataLoader(TensorDataset(x[:448], y[:448]), batch_size=cfg.batch_size, shuffle=True)
    model = TabFormer()
    optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=cfg.weight_decay)
    scheduler = CosineAnnealingLR(optimizer, T_max=sched_cfg.max_steps, eta_min=sched_cfg.min_lr)
    for epoch in range(cfg.epochs):
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
            scheduler.step()
        with torch.no_grad():
            acc = (model(x[448:]).argmax(1) == y[448:]).float().mean().item()
        print(f"epoch {epoch} loss {loss.item():.4f} acc {acc:.3f} lr {scheduler.get_last_lr()[0]:.2e}")


if __name__ == "__main__":
    main()
