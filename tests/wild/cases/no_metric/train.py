"""Parity of bits with a generic loop; the schedule is chosen by name."""
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import registry


class Loop:
    def __init__(self, model, optimizer, scheduler):
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler

    def epoch(self, loader):
        self.model.train()
        total = 0.0
        for x, y in loader:
            self.optimizer.zero_grad()
            loss = nn.functional.cross_entropy(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            total += loss.item()
        return total / len(loader)

    @torch.no_grad()
    def validate(self, x, y):
        self.model.eval()
        return nn.functional.cross_entropy(self.model(x), y).item()

    def fit(self, loader, val, epochs):
        for epoch in range(epochs):
            train_loss, val_loss = self.epoch(loader), self.validate(*val)
            print(f"epoch {epoch} train {train_loss:.4f} val {val_loss:.4f}", flush=True)
            self.scheduler.step()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--scheduler", choices=sorted(registry.SCHEDULERS), default="cosine")
    args = p.parse_args()
    torch.manual_seed(6)
    bits = torch.randint(2, (900, 6))
    x, y = bits.float() * 2 - 1, bits.sum(1) % 2
    model = nn.Sequential(nn.Linear(6, 48), nn.Tanh(), nn.Linear(48, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    cfg = {"epochs": 15, "step_size": 5, "gamma": 0.3, "patience": 2}
    loop = Loop(model, optimizer, registry.create(args.scheduler, optimizer, cfg))
    loader = DataLoader(TensorDataset(x[:700], y[:700]), batch_size=35, shuffle=True)
    loop.fit(loader, (x[700:], y[700:]), cfg["epochs"])


if __name__ == "__main__":
    main()
