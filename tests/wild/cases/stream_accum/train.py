"""Streaming training with gradient accumulation over an endless generator."""
import math

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

MICRO_BATCHES = 600
ACCUM = 3
WARMUP = 15
LR = 4e-3


def stream(batch=24, seed=0):
    g = torch.Generator().manual_seed(seed)
    proj = torch.randn(14, 6, generator=g)
    while True:
        x = torch.randn(batch, 14, generator=g)
        yield x, (x @ proj).argmax(1)


def lr_factor(step, total):
    if step < WARMUP:
        return (step + 1) / WARMUP
    progress = min(1.0, (step - WARMUP) / (total - WARMUP))
    return 0.5 * (1 + math.cos(math.pi * progress))


@torch.no_grad()
def evaluate(model):
    source = stream(seed=0)
    for _ in range(700):
        x, y = next(source)
    return (model(x).argmax(1) == y).float().mean().item()


def main():
    torch.manual_seed(16)
    model = nn.Sequential(nn.Linear(14, 64), nn.GELU(), nn.Linear(64, 6))
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR)
    scheduler = LambdaLR(optimizer, lambda step: lr_factor(step, MICRO_BATCHES))
    source, update, window = stream(), 0, 0.0
    for micro in range(1, MICRO_BATCHES + 1):
        x, y = next(source)
        loss = nn.functional.cross_entropy(model(x), y) / ACCUM
        loss.backward()
        window += loss.item()
        if micro % ACCUM:
            continue
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad(set_to_none=True)
        update += 1
        if update % 40 == 0:
            print(f"update {update} loss {window:.4f} acc {evaluate(model):.3f} lr {scheduler.get_last_lr()[0]:.2e}")
        window = 0.0


if __name__ == "__main__":
    main()
