"""Face-patch (Olivetti-like) classifier; drops at 60 % and 80 % of the epochs."""
import argparse

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.lr_scheduler import MultiStepLR
from torch.utils.data import DataLoader, TensorDataset


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(c, c, 3, padding=1, bias=False), nn.BatchNorm2d(c)

    def forward(self, x):
        return torch.relu(x + self.bn(self.conv(x)))


def build(c=12):
    return nn.Sequential(nn.Conv2d(1, c, 3, padding=1), Block(c), nn.MaxPool2d(2), Block(c), nn.Flatten(), nn.Linear(16 * c, 10))


def train_one_epoch(model, loader, optimizer, scheduler):
    model.train()
    total = 0.0
    for images, labels in loader:
        loss = nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item()
    return total / len(loader)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=15)
    p.add_argument("--lr", type=float, default=0.02)
    args = p.parse_args()
    torch.manual_seed(35)
    data = load_digits()
    x = torch.tensor(data.images / 16, dtype=torch.float32)[:, None]
    y = torch.tensor(data.target)
    loader = DataLoader(TensorDataset(x[:1280], y[:1280]), batch_size=64, shuffle=True)
    model = build()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=5e-4)
    milestones = [int(0.6 * args.epochs), int(0.8 * args.epochs)]
    scheduler = MultiStepLR(optimizer, milestones, gamma=0.02)
    for epoch in range(args.epochs):
        loss = train_one_epoch(model, loader, optimizer, scheduler)
        model.eval()
        with torch.no_grad():
            acc = (model(x[1280:]).argmax(1) == y[1280:]).float().mean().item()
        print(f"epoch {epoch:2d} loss {loss:.4f} acc {acc:.3f}")


if __name__ == "__main__":
    main()
