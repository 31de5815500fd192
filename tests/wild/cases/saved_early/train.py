"""Tide gauge model on a queue with four-epoch slots."""
import argparse
import pathlib

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

TOTAL = 16


def tide(n=960):
    t = torch.rand(n, 1) * 40
    level = torch.sin(t) + 0.4 * torch.sin(2.7 * t + 1)
    feats = torch.cat([torch.sin(t * k / 5) for k in range(1, 14)], 1)
    return TensorDataset(feats, level + 0.1 * torch.randn(n, 1))


def snapshot(path, epoch, **parts):
    torch.save({"epoch": epoch, **{k: v.state_dict() for k, v in parts.items()}}, path)


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--slot", type=int, default=4, help="epochs a job may run")
    cli.add_argument("--path", type=pathlib.Path, default=pathlib.Path("tide.ckpt"))
    args = cli.parse_args()
    torch.manual_seed(55)
    loader = DataLoader(tide(), batch_size=60, shuffle=True)
    model = nn.Sequential(nn.Linear(13, 40), nn.Tanh(), nn.Linear(40, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=TOTAL)
    epoch = 0
    if args.path.exists():
        ckpt = torch.load(args.path)
        model.load_state_dict(ckpt["model"])
        optimizer.load_state_dict(ckpt["optimizer"])
        scheduler.load_state_dict(ckpt["scheduler"])
        epoch = ckpt["epoch"] + 1
    end = min(TOTAL, epoch + args.slot)
    while epoch < end:
        running = 0.0
        for x, y in loader:
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            running += loss.item()
        print(f"epoch {epoch:2d} mse {running / len(loader):.4f} lr {optimizer.param_groups[0]['lr']:.4f}")
        snapshot(args.path, epoch, model=model, optimizer=optimizer, scheduler=scheduler)
        scheduler.step()
        epoch += 1


if __name__ == "__main__":
    main()
