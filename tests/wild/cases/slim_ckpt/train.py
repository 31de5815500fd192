"""Denoising auto-encoder with slim checkpoints: Adam's moments are left out to save disk."""
import argparse
import os

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset


def net():
    return nn.Sequential(nn.Linear(64, 80), nn.SiLU(), nn.Linear(80, 24), nn.SiLU(), nn.Linear(24, 64))


def save(path, model, scheduler, epoch):
    torch.save({"model": model.state_dict(), "scheduler": scheduler.state_dict(), "epoch": epoch}, path)


def load(path, model, scheduler):
    state = torch.load(path)
    model.load_state_dict(state["model"])
    scheduler.load_state_dict(state["scheduler"])
    return state["epoch"]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=18)
    ap.add_argument("--until", type=int, default=18)
    ap.add_argument("--ckpt", default="dae.pt")
    args = ap.parse_args()
    torch.manual_seed(44)
    x = torch.tensor(load_digits().data / 16, dtype=torch.float32)
    loader = DataLoader(TensorDataset(x[:1500]), batch_size=75, shuffle=True)
    model = net()
    optimizer = torch.optim.Adam(model.parameters(), lr=6e-3)
    scheduler = CosineAnnealingLR(optimizer, T_max=args.epochs, eta_min=1e-5)
    start = 0
    if os.path.exists(args.ckpt):
        start = load(args.ckpt, model, scheduler)
        print("resumed at epoch", start, "scheduler says lr", scheduler.get_last_lr())
    for epoch in range(start, min(args.until, args.epochs)):
        total = 0.0
        for (clean,) in loader:
            noisy = clean + 0.3 * torch.randn_like(clean)
            loss = nn.functional.mse_loss(model(noisy), clean)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        save(args.ckpt, model, scheduler, epoch + 1)
        print(f"epoch {epoch + 1} loss {total / len(loader):.5f}")


if __name__ == "__main__":
    main()
