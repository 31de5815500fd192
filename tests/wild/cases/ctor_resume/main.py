"""Iris-like clusters, resumed from weights through the scheduler's last_epoch."""
import argparse

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--max-epoch", type=int, default=20)
parser.add_argument("--stop-epoch", type=int, default=20)
parser.add_argument("--weights", default=None)


def make_data():
    g = torch.Generator().manual_seed(8)
    mean = torch.randn(8, 10, generator=g)
    y = torch.randint(8, (960,), generator=g)
    return TensorDataset(mean[y] + 1.1 * torch.randn(960, 10, generator=g), y)


def build_scheduler(optimizer, args, start_epoch):
    for group in optimizer.param_groups:
        group.setdefault("initial_lr", args.lr)
    return CosineAnnealingLR(optimizer, args.max_epoch, last_epoch=start_epoch - 1)


def main():
    args = parser.parse_args()
    torch.manual_seed(15)
    loader = DataLoader(make_data(), batch_size=48, shuffle=True)
    model = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 8))
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    start_epoch = 0
    if args.weights:
        blob = torch.load(args.weights)
        model.load_state_dict(blob["state_dict"])
        start_epoch = blob["epoch"]
    scheduler = build_scheduler(optimizer, args, start_epoch)
    for epoch in range(start_epoch, args.stop_epoch):
        losses = []
        for x, y in loader:
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        print(f"epoch {epoch:2d} loss {sum(losses) / len(losses):.4f}")
        torch.save({"state_dict": model.state_dict(), "epoch": epoch + 1}, "weights.pt")


if __name__ == "__main__":
    main()
