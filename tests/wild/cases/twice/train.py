"""Gaussian-quantiles classifier; the step function came from another project."""
import torch
from sklearn.datasets import make_gaussian_quantiles
from torch import nn
from torch.optim.lr_scheduler import PolynomialLR
from torch.utils.data import DataLoader, TensorDataset

from steps import optimise


def main(epochs=10):
    torch.manual_seed(24)
    x, y = make_gaussian_quantiles(n_samples=1100, n_features=6, n_classes=3, random_state=7)
    x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y)
    loader = DataLoader(TensorDataset(x[:800], y[:800]), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    total = epochs * len(loader)
    scheduler = PolynomialLR(optimizer, total_iters=total, power=2.0)
    step = 0
    for epoch in range(epochs):
        for batch in loader:
            loss = optimise(model, batch, optimizer, scheduler)
            scheduler.step()
            step += 1
            if step % 50 == 0:
                print(f"  {step}/{total} loss {loss:.4f} lr {scheduler.get_last_lr()[0]:.2e}")
        with torch.no_grad():
            acc = (model(x[800:]).argmax(1) == y[800:]).float().mean().item()
        print(f"epoch {epoch} acc {acc:.3f}")


if __name__ == "__main__":
    main()
