"""Newsgroup-like counts in shards: each epoch draws its own and wraps a loader round."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
EPOCHS, WORDS, TOPICS = 12, 60, 4
topics = torch.rand(TOPICS, WORDS).softmax(1)


def shard(size=256):
    labels = torch.randint(TOPICS, (size,))
    counts = torch.poisson(40 * topics[labels])
    return TensorDataset(counts, labels)


model = nn.Sequential(nn.Linear(WORDS, 32), nn.ReLU(), nn.Linear(32, TOPICS))
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS)

for epoch in range(EPOCHS):
    loader = DataLoader(shard(), batch_size=32, shuffle=True)
    for counts, labels in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(counts), labels)
        loss.backward()
        optimizer.step()
        scheduler.step()
    print(f"epoch {epoch} loss {loss.item():.4f}")
