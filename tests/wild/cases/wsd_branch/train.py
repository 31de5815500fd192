"""Warmup-stable-decay: train at the stable rate, later continue and anneal from the checkpoint."""
import argparse
import pathlib

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

WARMUP = 20
CKPT = pathlib.Path("stable.pt")


def wsd(decay_from, decay_steps):
    def factor(step):
        if step < WARMUP:
            return (step + 1) / WARMUP
        if decay_steps and step >= decay_from:
            return max(0.0, 1 - (step - decay_from) / decay_steps)
        return 1.0

    return factor


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--stable-epochs", type=int, default=0)
    p.add_argument("--anneal-epochs", type=int, default=0, help="continue from the checkpoint and decay to zero")
    args = p.parse_args()
    torch.manual_seed(21)
    x = torch.randn(640, 18)
    y = torch.stack([x[:, :6].norm(dim=1), x[:, 6:12].norm(dim=1), x[:, 12:].norm(dim=1)], 1).argmax(1)
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Linear(18, 64), nn.ReLU(), nn.Linear(64, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    state = torch.load(CKPT) if args.anneal_epochs else None
    done = state["step"] if state else 0
    scheduler = LambdaLR(optimizer, wsd(done, args.anneal_epochs * len(loader)))
    if state:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
    for epoch in range(args.anneal_epochs or args.stable_epochs):
        for xb, yb in loader:
            loss = nn.functional.cross_entropy(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            done += 1
        print(f"step {done} loss {loss.item():.4f} lr {scheduler.get_last_lr()[0]:.2e}")
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    torch.save({"step": done, **{k: v.state_dict() for k, v in parts.items()}}, CKPT)


if __name__ == "__main__":
    main()
