"""Iteration warmup, written for a larger data set, in front of an epoch schedule."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

BASE_LR, WARMUP_ITERS, EPOCHS = 0.1, 150, 14
DROPS = (9, 12)


def set_rate(optimizer, rate):
    for group in optimizer.param_groups:
        group["lr"] = rate


def epoch_rate(epoch):
    return BASE_LR * 0.1 ** sum(epoch >= d for d in DROPS)


def train_epoch(model, loader, optimizer, epoch):
    set_rate(optimizer, epoch_rate(epoch))
    total = 0.0
    for i, (x, y) in enumerate(loader):
        if epoch == 0 and i < WARMUP_ITERS:
            set_rate(optimizer, BASE_LR * (i + 1) / WARMUP_ITERS)
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(loader)


def letters(n):
    g = torch.Generator().manual_seed(12)
    proto = (torch.rand(8, 49, generator=g) < 0.4).float()
    y = torch.randint(8, (n,), generator=g)
    return (proto[y] + 0.9 * torch.randn(n, 49, generator=g)), y


def main():
    torch.manual_seed(12)
    x, y = letters(900)
    loader = DataLoader(TensorDataset(x[:720], y[:720]), batch_size=30, shuffle=True)
    model = nn.Sequential(nn.Linear(49, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 8))
    optimizer = torch.optim.SGD(model.parameters(), lr=BASE_LR, momentum=0.9)
    for epoch in range(EPOCHS):
        loss = train_epoch(model, loader, optimizer, epoch)
        with torch.no_grad():
            acc = (model(x[720:]).argmax(1) == y[720:]).float().mean().item()
        print(f"epoch {epoch + 1:2d} loss {loss:.4f} acc {acc:.3f} lr {optimizer.param_groups[0]['lr']:.4f}")


if __name__ == "__main__":
    main()
