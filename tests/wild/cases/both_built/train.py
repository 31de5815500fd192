"""Two phases with one optimizer: the head alone with a step decay, then everything with a one-cycle."""
import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR, StepLR
from torch.utils.data import DataLoader, TensorDataset

HEAD_EPOCHS, FULL_EPOCHS = 8, 8


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(24, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU())
        self.head = nn.Linear(48, 5)

    def forward(self, x):
        return self.head(self.trunk(x))


def clusters(n):
    g = torch.Generator().manual_seed(6)
    centre = torch.randn(5, 24, generator=g)
    y = torch.randint(5, (n,), generator=g)
    return centre[y] + 1.5 * torch.randn(n, 24, generator=g), y


def run_epoch(model, loader, optimizer, per_batch=None):
    total = 0.0
    for x, y in loader:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if per_batch is not None:
            per_batch.step()
        total += loss.item()
    return total / len(loader)


def main():
    torch.manual_seed(34)
    x, y = clusters(1000)
    loader = DataLoader(TensorDataset(x[:800], y[:800]), batch_size=40, shuffle=True)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    head_schedule = StepLR(optimizer, step_size=3, gamma=0.5)
    full_schedule = OneCycleLR(
        optimizer, max_lr=2e-3, epochs=FULL_EPOCHS, steps_per_epoch=len(loader), cycle_momentum=False
    )
    model.trunk.requires_grad_(False)
    for epoch in range(HEAD_EPOCHS):
        loss = run_epoch(model, loader, optimizer)
        head_schedule.step()
        print(f"head  epoch {epoch} loss {loss:.4f}")
    model.trunk.requires_grad_(True)
    for epoch in range(FULL_EPOCHS):
        loss = run_epoch(model, loader, optimizer, full_schedule)
        with torch.no_grad():
            acc = (model(x[800:]).argmax(1) == y[800:]).float().mean().item()
        print(f"full  epoch {epoch} loss {loss:.4f} acc {acc:.3f}")


if __name__ == "__main__":
    main()
