"""Wine quality regressor, hyper-parameters from the shell."""
import argparse

import torch
from sklearn.datasets import load_wine
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset


def parse():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=20)
    p.add_argument("--hidden", type=int, default=32)
    p.add_argument("--lr", default=1e-3, help="peak learning rate")
    p.add_argument("--weight-decay", type=float, default=1e-4)
    return p.parse_args()


def load():
    bunch = load_wine()
    x = torch.tensor(bunch.data, dtype=torch.float32)
    return TensorDataset((x - x.mean(0)) / x.std(0), torch.tensor(bunch.target))


def build_optimizer(model, args):
    decay = [w for w in model.parameters() if w.ndim > 1]
    rest = [w for w in model.parameters() if w.ndim <= 1]
    groups = [{"params": decay, "weight_decay": args.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=args.lr)


def main():
    args = parse()
    torch.manual_seed(4)
    loader = DataLoader(load(), batch_size=16, shuffle=True)
    model = nn.Sequential(nn.Linear(13, args.hidden), nn.ReLU(), nn.Linear(args.hidden, 3))
    optimizer = build_optimizer(model, args)
    scheduler = CosineAnnealingLR(optimizer, T_max=args.epochs)
    for epoch in range(args.epochs):
        for x, y in loader:
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()
        print(f"epoch {epoch} loss {loss.item():.4f}")


if __name__ == "__main__":
    main()
