"""Fine-tuning with layer-wise rate decay, rates set before each update."""
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import lr_decay
import lr_sched


class ResMLP(nn.Module):
    def __init__(self, depth=4, width=32):
        super().__init__()
        self.stem, self.head = nn.Linear(12, width), nn.Linear(width, 3)
        self.blocks = nn.ModuleList(nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU()) for _ in range(depth))

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = x + block(x)
        return self.head(x)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=10)
    p.add_argument("--warmup_epochs", type=int, default=2)
    p.add_argument("--lr", type=float, default=5e-3)
    p.add_argument("--min_lr", type=float, default=1e-6)
    p.add_argument("--layer_decay", type=float, default=0.65)
    args = p.parse_args()
    torch.manual_seed(13)
    x = torch.randn(800, 12)
    y = (x[:, :4].norm(dim=1) > 1.6).long() + (x[:, 4:8].norm(dim=1) > 1.9).long()
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    model = ResMLP()
    optimizer = torch.optim.AdamW(lr_decay.param_groups(model, 4, args.layer_decay), lr=args.lr, betas=(0.9, 0.999))
    for epoch in range(args.epochs):
        for i, (xb, yb) in enumerate(loader):
            lr = lr_sched.adjust_learning_rate(optimizer, i / len(loader) + epoch, args)
            loss = nn.functional.cross_entropy(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch} loss {loss.item():.4f} lr {lr:.2e} smallest {optimizer.param_groups[0]['lr']:.2e}")


if __name__ == "__main__":
    main()
