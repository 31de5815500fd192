"""Image-like patches, schedule set at the start of each iteration."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from cosine_lr import CosineScheduler


def patches(n):
    y = torch.randint(3, (n,))
    freq = torch.tensor([1.0, 2.0, 3.0])[y][:, None, None]
    axis = torch.linspace(0, 3.14, 10)
    return torch.sin(freq * axis[:, None] + axis)[:, None] + 0.7 * torch.randn(n, 1, 10, 10), y


def main(epochs=10):
    torch.manual_seed(3)
    x, y = patches(800)
    loader = DataLoader(TensorDataset(x[:640], y[:640]), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Conv2d(1, 12, 3), nn.GELU(), nn.Conv2d(12, 12, 3), nn.GELU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(48, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.05)
    scheduler = CosineScheduler(optimizer, epochs * len(loader), lr_min=1e-5, warmup_t=len(loader), warmup_lr_init=1e-5)
    num_updates = 0
    for epoch in range(epochs):
        for images, labels in loader:
            scheduler.step_update(num_updates)
            loss = nn.functional.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            num_updates += 1
        with torch.no_grad():
            acc = (model(x[640:]).argmax(1) == y[640:]).float().mean().item()
        print(f"epoch {epoch} loss {loss.item():.4f} acc {acc:.3f} lr {optimizer.param_groups[0]['lr']:.2e}")


if __name__ == "__main__":
    main()
