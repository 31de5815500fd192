"""Embedding alignment: the loss is a negative cosine similarity, plateau with an absolute threshold."""
import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset


def pairs(n, mix):
    u = torch.randn(n, 12)
    return u, torch.tanh(u @ mix) + 0.3 * torch.randn(n, 8)


def negative_similarity(a, b):
    return -nn.functional.cosine_similarity(a, b).mean()


def main(epochs=28):
    torch.manual_seed(11)
    mix = torch.randn(12, 8) / 2
    x, y = pairs(700, mix)
    vx, vy = pairs(300, mix)
    loader = DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True)
    model = nn.Sequential(nn.Linear(12, 48), nn.Tanh(), nn.Linear(48, 8))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    scheduler = ReduceLROnPlateau(optimizer, factor=0.3, patience=2, threshold=1e-3, threshold_mode="abs")
    for epoch in range(epochs):
        for xb, yb in loader:
            optimizer.zero_grad()
            negative_similarity(model(xb), yb).backward()
            optimizer.step()
        with torch.no_grad():
            val = negative_similarity(model(vx), vy).item()
        scheduler.step(val)
        print(f"epoch {epoch:2d} val {val:.4f} lr {scheduler.get_last_lr()[0]:.1e}")


if __name__ == "__main__":
    main()
