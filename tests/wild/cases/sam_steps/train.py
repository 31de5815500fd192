"""Noisy labels with SAM around SGD, cosine per update."""
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset

from sam import SAM


def main(epochs=10):
    torch.manual_seed(23)
    x = torch.randn(900, 14)
    clean = (x[:, 0] + x[:, 1] * x[:, 2] > 0).long()
    y = torch.where(torch.rand(900) < 0.15, 1 - clean, clean)
    loader = DataLoader(TensorDataset(x[:640], y[:640]), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Linear(14, 64), nn.ReLU(), nn.Linear(64, 2))
    optimizer = SAM(model.parameters(), torch.optim.SGD, rho=0.1, lr=0.1, momentum=0.9)
    scheduler = CosineAnnealingLR(optimizer, T_max=epochs * len(loader))
    for epoch in range(epochs):
        for xb, yb in loader:

            def closure():
                loss = nn.functional.cross_entropy(model(xb), yb)
                loss.backward()
                return loss

            loss = closure()
            optimizer.step(closure)
            scheduler.step()
        with torch.no_grad():
            acc = (model(x[640:]).argmax(1) == clean[640:]).float().mean().item()
        print(f"epoch {epoch} loss {loss.item():.4f} clean acc {acc:.3f}")


if __name__ == "__main__":
    main()
