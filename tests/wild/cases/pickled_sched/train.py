"""Orbit classifier; the whole scheduler object goes into the checkpoint."""
import argparse
import os

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset


def orbits(n):
    y = torch.randint(4, (n,))
    r = 1 + 0.5 * y + 0.25 * torch.randn(n)
    a = 6.283 * torch.rand(n)
    return TensorDataset(torch.stack([r * a.cos(), r * a.sin()], 1), y)


class Trainer:
    def __init__(self, epochs):
        self.epochs, self.epoch = epochs, 0
        self.model = nn.Sequential(nn.Linear(2, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 4))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.scheduler = CosineAnnealingLR(self.optimizer, T_max=epochs)

    def save(self, path):
        torch.save(
            {
                "epoch": self.epoch,
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "scheduler": self.scheduler,
            },
            path,
        )

    def load(self, path):
        data = torch.load(path, weights_only=False)
        self.epoch = data["epoch"]
        self.model.load_state_dict(data["model"])
        self.optimizer.load_state_dict(data["optimizer"])
        self.scheduler = data["scheduler"]

    def fit(self, loader, stop):
        while self.epoch < min(stop, self.epochs):
            total = 0.0
            for x, y in loader:
                loss = nn.functional.cross_entropy(self.model(x), y)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                total += loss.item()
            self.scheduler.step()
            self.epoch += 1
            print(f"epoch {self.epoch} loss {total / len(loader):.4f} lr {self.scheduler.get_last_lr()[0]:.4f}")
            self.save("trainer.pt")


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=16)
    p.add_argument("--stop", type=int, default=16)
    args = p.parse_args()
    torch.manual_seed(23)
    loader = DataLoader(orbits(800), batch_size=40, shuffle=True)
    trainer = Trainer(args.epochs)
    if os.path.exists("trainer.pt"):
        trainer.load("trainer.pt")
    trainer.fit(loader, args.stop)
