"""Keyword spotting on synthetic tone patterns."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from optim import warmup_cosine

EPOCHS, WARMUP = 16, 3


class Spotter(nn.Module):
    def __init__(self, classes=5):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv1d(1, 12, 7, stride=2), nn.ReLU(), nn.Conv1d(12, 24, 5, stride=2), nn.ReLU())
        self.out = nn.Linear(24, classes)

    def forward(self, x):
        return self.out(self.conv(x).amax(-1))


def tones(n, length=64):
    label = torch.randint(5, (n,))
    t = torch.arange(length) / length
    wave = torch.sin(2 * torch.pi * (2 + 2 * label[:, None]) * t + 6.28 * torch.rand(n, 1))
    return TensorDataset((wave + 0.4 * torch.randn(n, length))[:, None], label)


def main():
    torch.manual_seed(83)
    train = DataLoader(tones(800), batch_size=40, shuffle=True)
    dev_x, dev_y = tones(200).tensors
    model = Spotter()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.18, momentum=0.9)
    scheduler = warmup_cosine(optimizer, WARMUP, EPOCHS)
    for epoch in range(EPOCHS):
        lr = optimizer.param_groups[0]["lr"]
        for x, y in train:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
        scheduler.step()
        with torch.no_grad():
            acc = (model(dev_x).argmax(1) == dev_y).float().mean().item()
        print(f"epoch {epoch:2d} lr {lr:.4f} loss {loss.item():.4f} dev acc {acc:.3f}")


if __name__ == "__main__":
    main()
