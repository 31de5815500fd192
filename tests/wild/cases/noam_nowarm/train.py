"""Copy task with the schedule of the first transformer paper."""
import argparse

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

WIDTH, VOCAB, LENGTH = 32, 14, 8


def rate(step, factor, warmup):
    step, warmup = np.float64(step), np.float64(warmup)
    return float(factor * WIDTH**-0.5 * np.minimum(step**-0.5, step * warmup**-1.5))


class Copier(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, WIDTH)
        self.pos = nn.Parameter(torch.randn(LENGTH, WIDTH) * 0.02)
        self.layer = nn.TransformerEncoderLayer(WIDTH, 4, 64, dropout=0.0, batch_first=True)
        self.out = nn.Linear(WIDTH, VOCAB)

    def forward(self, x):
        return self.out(self.layer(self.tok(x) + self.pos))


def batches(count, size=32):
    for _ in range(count):
        x = torch.randint(VOCAB, (size, LENGTH))
        yield x, x.roll(1, 1)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--steps", type=int, default=200)
    p.add_argument("--warmup", type=int, default=40)
    p.add_argument("--factor", type=float, default=0.2)
    args = p.parse_args()
    torch.manual_seed(20)
    np.seterr(all="ignore")
    model = Copier()
    optimizer = torch.optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-9)
    scheduler = LambdaLR(optimizer, lambda step: rate(step, args.factor, args.warmup))
    for step, (x, y) in enumerate(batches(args.steps)):
        loss = nn.functional.cross_entropy(model(x).transpose(1, 2), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        if step % 40 == 0:
            print(f"step {step} loss {loss.item():.4f} lr {scheduler.get_last_lr()[0]:.2e}")


if __name__ == "__main__":
    main()
