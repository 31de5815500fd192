"""Segment classifier; --fast-dev-run checks the plumbing with a few batches."""
import argparse
import itertools

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, TensorDataset


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=30)
    p.add_argument("--max-lr", type=float, default=0.1)
    p.add_argument("--fast-dev-run", type=int, default=0, metavar="N", help="N batches of one epoch, then stop")
    return p.parse_args()


def main():
    args = arguments()
    torch.manual_seed(9)
    x = torch.randn(1000, 2, 24).cumsum(-1) / 5
    y = (x[:, 0].mean(-1) > x[:, 1].mean(-1)).long()
    loader = DataLoader(TensorDataset(x, y), batch_size=25, shuffle=True)
    model = nn.Sequential(nn.Conv1d(2, 8, 5), nn.ReLU(), nn.Flatten(), nn.Linear(160, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    scheduler = OneCycleLR(optimizer, max_lr=args.max_lr, total_steps=args.epochs * len(loader))
    epochs = 1 if args.fast_dev_run else args.epochs
    batches = args.fast_dev_run or None
    for epoch in range(epochs):
        for xb, yb in itertools.islice(loader, batches):
            loss = nn.functional.cross_entropy(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
        print(f"epoch {epoch} loss {loss.item():.4f}")
    torch.save({"model": model.state_dict(), "scheduler": scheduler.state_dict()}, "segment.pt")
    print("done" if not args.fast_dev_run else "dev run done")


if __name__ == "__main__":
    main()
