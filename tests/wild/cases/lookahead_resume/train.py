"""Chemistry-like property regression with Lookahead(Adam), interrupted once."""
import argparse
import pathlib

import torch
from sklearn.datasets import make_friedman2
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset

from lookahead import Lookahead


def molecules():
    x, y = make_friedman2(1000, noise=20.0, random_state=4)
    x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)[:, None]
    return TensorDataset((x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std())


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=16)
    p.add_argument("--pause-after", type=int, default=None)
    p.add_argument("--ckpt", type=pathlib.Path, default=pathlib.Path("look.pt"))
    args = p.parse_args()
    torch.manual_seed(29)
    loader = DataLoader(molecules(), batch_size=50, shuffle=True)
    model = nn.Sequential(nn.Linear(4, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
    optimizer = Lookahead(torch.optim.Adam(model.parameters(), lr=1e-2))
    scheduler = CosineAnnealingLR(optimizer, T_max=args.epochs)
    start = 0
    if args.ckpt.exists():
        state = torch.load(args.ckpt)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        start = state["epoch"]
    for epoch in range(start, args.epochs):
        total = 0.0
        for x, y in loader:
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        print(f"epoch {epoch + 1} mse {total / len(loader):.5f} lr {scheduler.get_last_lr()[0]:.5f}")
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
        torch.save({**state, "epoch": epoch + 1}, args.ckpt)
        if epoch + 1 == args.pause_after:
            break


if __name__ == "__main__":
    main()
