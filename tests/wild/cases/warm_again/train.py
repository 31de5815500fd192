"""Character transformer for a toy language, restarted once."""
import argparse
import os

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

from warmup import GradualWarmup

WARMUP, EPOCHS = 60, 12


class CharNet(nn.Module):
    def __init__(self, vocab=16, width=32):
        super().__init__()
        self.emb = nn.Embedding(vocab, width)
        self.mix = nn.TransformerEncoderLayer(width, 4, 64, dropout=0.0, batch_first=True)
        self.out = nn.Linear(width, vocab)

    def forward(self, x):
        return self.out(self.mix(self.emb(x)))


def language(n=640, length=10):
    rule = torch.randperm(16, generator=torch.Generator().manual_seed(1))
    x = torch.randint(16, (n, length))
    return TensorDataset(x, rule[x])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--last-epoch", type=int, default=EPOCHS)
    p.add_argument("--ckpt", default="char.pt")
    args = p.parse_args()
    torch.manual_seed(3)
    loader = DataLoader(language(), batch_size=32, shuffle=True)
    model = CharNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    total = EPOCHS * len(loader) - WARMUP
    decay = LambdaLR(optimizer, lambda s: max(0.01, 1 - s / total))
    scheduler = GradualWarmup(optimizer, WARMUP, decay)
    start = 0
    if os.path.exists(args.ckpt):
        ckpt = torch.load(args.ckpt)
        model.load_state_dict(ckpt["model"])
        optimizer.load_state_dict(ckpt["optimizer"])
        scheduler.load_state_dict(ckpt["scheduler"])
        start = ckpt["epoch"]
    for epoch in range(start, args.last_epoch):
        for x, y in loader:
            loss = nn.functional.cross_entropy(model(x).transpose(1, 2), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
        print(f"epoch {epoch} loss {loss.item():.4f} lr {optimizer.param_groups[0]['lr']:.2e}")
        torch.save(
            {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(),
                "epoch": epoch + 1,
            },
            args.ckpt,
        )


if __name__ == "__main__":
    main()
