"""Resume without scheduler state: the schedule is replayed up to the epoch of the checkpoint."""
import argparse
import pathlib

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=14)
    p.add_argument("--walltime-epochs", type=int, default=14)
    p.add_argument("--ckpt", type=pathlib.Path, default=pathlib.Path("run.pt"))
    args = p.parse_args()
    torch.manual_seed(16)
    x = torch.randn(700, 9)
    y = torch.relu(x[:, :1]) - torch.relu(x[:, 1:2] - x[:, 2:3])
    loader = DataLoader(TensorDataset(x, y), batch_size=35, shuffle=True)
    model = nn.Sequential(nn.Linear(9, 48), nn.ReLU(), nn.Linear(48, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = CosineAnnealingLR(optimizer, T_max=args.epochs)
    start = 0
    if args.ckpt.exists():
        ckpt = torch.load(args.ckpt)
        start = ckpt["epoch"]
        for _ in range(start):
            scheduler.step()
        model.load_state_dict(ckpt["model"])
        optimizer.load_state_dict(ckpt["optimizer"])
        print("resumed, lr", optimizer.param_groups[0]["lr"], "schedule", scheduler.get_last_lr()[0])
    for epoch in range(start, min(args.epochs, start + args.walltime_epochs)):
        total = 0.0
        for xb, yb in loader:
            loss = nn.functional.mse_loss(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch + 1}, args.ckpt)
        print(f"epoch {epoch + 1} loss {total / len(loader):.5f}")


if __name__ == "__main__":
    main()
