"""Adds adapter weights to the optimizer after a few epochs."""
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset


class Adapted(nn.Module):
    def __init__(self):
        super().__init__()
        self.base = nn.Linear(16, 32)
        self.adapter = nn.Sequential(nn.Linear(32, 8), nn.ReLU(), nn.Linear(8, 32))
        self.head = nn.Linear(32, 3)
        nn.init.zeros_(self.adapter[2].weight)
        nn.init.zeros_(self.adapter[2].bias)

    def forward(self, x):
        h = torch.relu(self.base(x))
        return self.head(h + self.adapter(h))


def main(epochs=12, adapter_from=4):
    torch.manual_seed(28)
    x = torch.randn(700, 16)
    y = (x[:, 0] * x[:, 1] > 0).long() + (x[:, 2] > 0.5).long()
    loader = DataLoader(TensorDataset(x, y), batch_size=35, shuffle=True)
    model = Adapted()
    optimizer = torch.optim.AdamW([*model.base.parameters(), *model.head.parameters()], lr=5e-3)
    total = epochs * len(loader)
    scheduler = LambdaLR(optimizer, lambda s: 1 - 0.9 * s / total)
    for epoch in range(epochs):
        if epoch == adapter_from:
            optimizer.add_param_group({"params": model.adapter.parameters(), "lr": 1e-3})
            print("adapter weights added", flush=True)
        total_loss = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
            scheduler.step()
            total_loss += loss.item()
        print(f"epoch {epoch} loss {total_loss / len(loader):.4f}", flush=True)
    torch.save(model.state_dict(), "adapted.pt")


if __name__ == "__main__":
    main()
