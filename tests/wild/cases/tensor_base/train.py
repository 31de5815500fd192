"""Mixer on digit rows, learning rate kept as a tensor so that a compiled step need not change."""
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from cosine import TensorCosine


class RowMixer(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.inp = nn.Linear(8, width)
        self.tokens, self.channels = nn.Linear(8, 8), nn.Linear(width, width)
        self.head = nn.Linear(width, 10)

    def forward(self, rows):
        h = self.inp(rows)
        h = h + torch.relu(self.tokens(h.transpose(1, 2))).transpose(1, 2)
        h = h + torch.relu(self.channels(h))
        return self.head(h.mean(1))


def main(epochs=10):
    torch.manual_seed(13)
    digits = load_digits()
    x = torch.tensor(digits.images / 16, dtype=torch.float32)
    y = torch.tensor(digits.target)
    loader = DataLoader(TensorDataset(x[:1500], y[:1500]), batch_size=60, shuffle=True)
    model = RowMixer()
    optimizer = torch.optim.AdamW(model.parameters(), lr=torch.tensor(5e-3), weight_decay=0.01)
    scheduler = TensorCosine(optimizer, total=epochs * len(loader))
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for xb, yb in loader:
            loss = nn.functional.cross_entropy(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item()
        model.eval()
        with torch.no_grad():
            acc = (model(x[1500:]).argmax(1) == y[1500:]).float().mean().item()
        print(f"epoch {epoch} loss {total / len(loader):.4f} acc {acc:.3f} lr {float(optimizer.param_groups[0]['lr']):.2e}")


if __name__ == "__main__":
    main()
