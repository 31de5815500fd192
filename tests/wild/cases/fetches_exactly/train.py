"""Digits with a small engine that takes as many batches as a loader says it has."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)
raw = load_digits()
data = TensorDataset(
    torch.tensor(raw.data, dtype=torch.float32) / 16, torch.tensor(raw.target)
)
training, validation = random_split(data, [0.8, 0.2])


class Engine:
    def __init__(self, model, epochs):
        self.model, self.epochs = model, epochs
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.optimizer, T_max=epochs
        )

    def fetch(self, loader, most=None):
        """Yield batches; never asks for one more than there are."""
        batches = iter(loader)
        for _ in range(min(len(loader), most or len(loader))):
            yield next(batches)

    def fit(self, train_loader, val_loader):
        self.validate(val_loader, most=2)
        for _ in range(self.epochs):
            for inputs, labels in self.fetch(train_loader):
                self.optimizer.zero_grad()
                nn.functional.cross_entropy(self.model(inputs), labels).backward()
                self.optimizer.step()
                self.scheduler.step()
            print(f"accuracy {self.validate(val_loader):.3f}")

    @torch.no_grad()
    def validate(self, loader, most=None):
        right = [
            (self.model(inputs).argmax(1) == labels).float().mean()
            for inputs, labels in self.fetch(loader, most)
        ]
        return float(torch.stack(right).mean())


net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
Engine(net, epochs=8).fit(
    DataLoader(training, batch_size=64, shuffle=True),
    DataLoader(validation, batch_size=64),
)
