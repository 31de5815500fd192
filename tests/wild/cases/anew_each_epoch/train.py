"""Breast-cancer cells: a small net, its scheduler set up by a helper."""

import torch
from sklearn.datasets import load_breast_cancer
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
raw = load_breast_cancer()
inputs = torch.tensor(raw.data, dtype=torch.float32)
inputs = (inputs - inputs.mean(0)) / inputs.std(0)
data = TensorDataset(inputs, torch.tensor(raw.target))
loader = DataLoader(data, batch_size=32, shuffle=True)
EPOCHS = 6

model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


def train_one_epoch():
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, T_max=EPOCHS * len(loader)
    )
    total = 0.0
    for batch, labels in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(batch), labels)
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item()
    return total / len(loader)


for epoch in range(EPOCHS):
    print(f"epoch {epoch} loss {train_one_epoch():.4f}")
