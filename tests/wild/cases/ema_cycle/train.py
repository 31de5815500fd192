"""One-cycle over exactly the run, with momentum cycling and an exponential moving average of the weights."""
import copy

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, TensorDataset


class EMA:
    def __init__(self, model, decay=0.98):
        self.model, self.decay = copy.deepcopy(model).requires_grad_(False), decay

    @torch.no_grad()
    def update(self, model):
        for slow, fast in zip(self.model.parameters(), model.parameters()):
            slow.lerp_(fast, 1 - self.decay)


def main(epochs=12):
    torch.manual_seed(20)
    x = torch.randn(900, 1, 8, 8)
    y = (nn.functional.avg_pool2d(x, 4).flatten(1).argmax(1)).long()
    loader = DataLoader(TensorDataset(x[:700], y[:700]), batch_size=40, shuffle=True, drop_last=True)
    model = nn.Sequential(nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.AvgPool2d(4), nn.Flatten(), nn.Linear(48, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    scheduler = OneCycleLR(optimizer, max_lr=0.5, epochs=epochs, steps_per_epoch=len(loader), pct_start=0.25)
    ema = EMA(model)
    for epoch in range(epochs):
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
            ema.update(model)
            used = scheduler.get_last_lr()[0]
            scheduler.step()
        with torch.no_grad():
            acc = (ema.model(x[700:]).argmax(1) == y[700:]).float().mean().item()
        print(f"epoch {epoch:2d} loss {loss.item():.4f} ema acc {acc:.3f} last lr {used:.5f}")


if __name__ == "__main__":
    main()
