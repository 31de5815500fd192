"""Accelerate the way its guide shows: horizon from the loader before prepare()."""
import torch
from accelerate import Accelerator
from sklearn.datasets import load_iris
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

EPOCHS = 8


def main():
    accelerator = Accelerator(cpu=True)
    torch.manual_seed(22)
    data = load_iris()
    x, y = torch.tensor(data.data, dtype=torch.float32).repeat(4, 1), torch.tensor(data.target).repeat(4)
    x = (x - x.mean(0)) / x.std(0)
    loader = DataLoader(TensorDataset(x, y), batch_size=10, shuffle=True)
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    steps = EPOCHS * len(loader)
    scheduler = LambdaLR(optimizer, lambda s: max(0.0, 1 - s / steps))
    model, optimizer, loader, scheduler = accelerator.prepare(model, optimizer, loader, scheduler)
    for epoch in range(EPOCHS):
        total = 0.0
        for xb, yb in loader:
            loss = nn.functional.cross_entropy(model(xb), yb)
            accelerator.backward(loss)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            total += loss.item()
        accelerator.print(f"epoch {epoch} loss {total / len(loader):.4f} lr {scheduler.get_last_lr()[0]:.2e}")
    accelerator.wait_for_everyone()


main()
