"""Overfitting-prone text classifier with reduction on plateau."""
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset


@dataclass(frozen=True)
class Hyper:
    lr: float = 1e-2
    epochs: int = 25
    batch: int = 25
    lr_factor: float = 0.5
    lr_patience: int = 2
    lr_eps: float = 1e-2  # smallest change that counts


def documents(n, vocab=200, length=20):
    y = torch.randint(2, (n,))
    common = torch.randint(vocab, (n, length))
    hint = torch.randint(10, (n, length)) + 10 * y[:, None]
    return torch.where(torch.rand(n, length) < 0.12, hint, common), y


class Bag(nn.Module):
    def __init__(self, vocab=200, width=24):
        super().__init__()
        self.emb = nn.EmbeddingBag(vocab, width)
        self.out = nn.Sequential(nn.ReLU(), nn.Linear(width, 2))

    def forward(self, ids):
        return self.out(self.emb(ids))


def main(h=Hyper()):
    torch.manual_seed(97)
    x, y = documents(500)
    vx, vy = documents(300)
    loader = DataLoader(TensorDataset(x, y), batch_size=h.batch, shuffle=True)
    model = Bag()
    optimizer = torch.optim.Adam(model.parameters(), lr=h.lr)
    scheduler = ReduceLROnPlateau(optimizer, factor=h.lr_factor, patience=h.lr_patience, eps=h.lr_eps)
    for epoch in range(h.epochs):
        for ids, label in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(ids), label).backward()
            optimizer.step()
        with torch.no_grad():
            logits = model(vx)
            val = nn.functional.cross_entropy(logits, vy).item()
            acc = (logits.argmax(1) == vy).float().mean().item()
        scheduler.step(val)
        print(f"epoch {epoch:2d} val {val:.4f} acc {acc:.3f} lr {scheduler.get_last_lr()[0]:.1e}")


if __name__ == "__main__":
    main()
