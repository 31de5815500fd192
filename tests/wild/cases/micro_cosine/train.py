"""Caption-length regressor, effective batch 64 through accumulation."""
import argparse

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=10)
    p.add_argument("--micro-batch", type=int, default=16)
    p.add_argument("--accumulate", type=int, default=4)
    p.add_argument("--lr", type=float, default=0.05)
    return p.parse_args()


def main():
    args = get_args()
    torch.manual_seed(94)
    x = torch.randn(1024, 18)
    y = (x[:, :6].abs().sum(1, keepdim=True) - x[:, 6:7] * x[:, 7:8]) / 3
    loader = DataLoader(TensorDataset(x, y), batch_size=args.micro_batch, shuffle=True)
    model = nn.Sequential(nn.Linear(18, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    updates = args.epochs * len(loader) // args.accumulate
    scheduler = CosineAnnealingLR(optimizer, T_max=updates)
    for epoch in range(args.epochs):
        total = 0.0
        for i, (xb, yb) in enumerate(loader, 1):
            loss = nn.functional.mse_loss(model(xb), yb)
            (loss / args.accumulate).backward()
            if i % args.accumulate == 0:
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                optimizer.zero_grad()
            scheduler.step()
            total += loss.item()
        print(f"epoch {epoch + 1:2d} mse {total / len(loader):.4f} lr {optimizer.param_groups[0]['lr']:.4f}")


if __name__ == "__main__":
    main()
