"""Digits with a wide MLP; evaluation is expensive, so it runs every few epochs."""
from dataclasses import dataclass

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

from engine import evaluate, train_epoch


@dataclass
class Settings:
    epochs: int = 30
    eval_every: int = 5
    batch_size: int = 70
    lr: float = 0.15
    lr_drop: int = 5
    lr_gamma: float = 0.3


def main(cfg=Settings()):
    torch.manual_seed(51)
    digits = load_digits()
    x = torch.tensor(digits.data / 16, dtype=torch.float32)
    y = torch.tensor(digits.target)
    loader = DataLoader(TensorDataset(x[:1400], y[:1400]), batch_size=cfg.batch_size, shuffle=True)
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=0.9)
    scheduler = StepLR(optimizer, step_size=cfg.lr_drop, gamma=cfg.lr_gamma)
    for epoch in range(1, cfg.epochs + 1):
        loss = train_epoch(model, loader, nn.CrossEntropyLoss(), optimizer)
        line = f"epoch {epoch:2d} loss {loss:.4f}"
        if epoch % cfg.eval_every == 0:
            line += f" acc {evaluate(model, x[1400:], y[1400:]):.3f} lr {optimizer.param_groups[0]['lr']:.3g}"
            torch.save(model.state_dict(), f"epoch{epoch}.pt")
            scheduler.step()
        print(line)


if __name__ == "__main__":
    main()
