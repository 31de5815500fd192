"""Sentence-pair scorer. The second half runs on a machine that fits larger batches."""
import argparse
import os

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset


def pairs(n=960, words=80, length=6):
    a = torch.randint(words, (n, length))
    b = torch.where(torch.rand(n, 1) < 0.5, a.flip(1), torch.randint(words, (n, length)))
    return TensorDataset(a, b, (a.sum(1) == b.sum(1)).float())


class Scorer(nn.Module):
    def __init__(self, words=80, width=24):
        super().__init__()
        self.bag = nn.EmbeddingBag(words, width)
        self.top = nn.Sequential(nn.Linear(2 * width, 48), nn.ReLU(), nn.Linear(48, 1))

    def forward(self, a, b):
        u, v = self.bag(a), self.bag(b)
        return self.top(torch.cat([(u - v).abs(), u * v], 1)).squeeze(1)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=15)
    p.add_argument("--batch-size", type=int, default=24)
    p.add_argument("--lr", type=float, default=4e-3)
    p.add_argument("--hours", type=float, default=None, help="here: epochs until the job is killed")
    p.add_argument("--checkpoint", default="job.pt")
    a = p.parse_args()
    torch.manual_seed(5)
    loader = DataLoader(pairs(), batch_size=a.batch_size, shuffle=True)
    model = Scorer()
    optimizer = torch.optim.AdamW(model.parameters(), lr=a.lr)
    total = a.epochs * len(loader)
    scheduler = LambdaLR(optimizer, lambda s: min(1.0, (s + 1) / 30) * max(0.0, 1 - s / total))
    first = 0
    if os.path.exists(a.checkpoint):
        job = torch.load(a.checkpoint)
        model.load_state_dict(job["model"])
        optimizer.load_state_dict(job["optimizer"])
        scheduler.load_state_dict(job["scheduler"])
        first = job["epoch"]
    for epoch in range(first, a.epochs):
        total_loss = 0.0
        for u, v, same in loader:
            loss = nn.functional.binary_cross_entropy_with_logits(model(u, v), same)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total_loss += loss.item()
        torch.save(
            dict(model=model.state_dict(), optimizer=optimizer.state_dict(), scheduler=scheduler.state_dict(), epoch=epoch + 1),
            a.checkpoint,
        )
        print(f"epoch {epoch} loss {total_loss / len(loader):.4f} lr {scheduler.get_last_lr()[0]:.2e}")
        if a.hours is not None and epoch + 1 >= a.hours:
            return


if __name__ == "__main__":
    main()
