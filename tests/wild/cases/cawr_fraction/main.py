"""SGDR with fractional epochs: step(epoch + i / iters) at the head of each iteration."""
import torch
from sklearn.datasets import make_circles
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts
from torch.utils.data import DataLoader, TensorDataset

CYCLE, CYCLES = 5, 3


def main():
    torch.manual_seed(4)
    x, y = make_circles(1000, noise=0.12, factor=0.6, random_state=1)
    x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y)
    loader = DataLoader(TensorDataset(x[:800], y[:800]), batch_size=40, shuffle=True)
    model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=CYCLE, eta_min=1e-4)
    iters = len(loader)
    for epoch in range(CYCLE * CYCLES):
        for i, (xb, yb) in enumerate(loader):
            scheduler.step(epoch + i / iters)
            loss = nn.functional.cross_entropy(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            acc = (model(x[800:]).argmax(1) == y[800:]).float().mean().item()
        print(f"epoch {epoch:2d} loss {loss.item():.4f} acc {acc:.3f}")
        if (epoch + 1) % CYCLE == 0:
            torch.save(model.state_dict(), f"cycle{(epoch + 1) // CYCLE}.pt")


if __name__ == "__main__":
    main()
