"""Wine: matrices by one optimizer, the rest by another, one face for both."""

import torch
from sklearn.datasets import load_wine
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
raw = load_wine()
inputs = torch.tensor(raw.data, dtype=torch.float32)
inputs = (inputs - inputs.mean(0)) / inputs.std(0)
data = TensorDataset(inputs, torch.tensor(raw.target))
EPOCHS = 8


class Both(torch.optim.Optimizer):
    """Steps several optimizers as one."""

    def __init__(self, *optimizers):
        self.optimizers = optimizers
        groups = [group for each in optimizers for group in each.param_groups]
        super().__init__(groups, {})
        self.param_groups = groups

    def step(self, closure=None):
        for each in self.optimizers:
            each.step()


model = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 3))
matrices = [each for each in model.parameters() if each.ndim == 2]
others = [each for each in model.parameters() if each.ndim < 2]
optimizer = Both(
    torch.optim.SGD(matrices, lr=0.05, momentum=0.9, nesterov=True),
    torch.optim.AdamW(others, lr=1e-2),
)
scheduler = torch.optim.lr_scheduler.LinearLR(
    optimizer, start_factor=1.0, end_factor=0.1, total_iters=EPOCHS * 6
)
for _ in range(EPOCHS):
    for batch, labels in DataLoader(data, batch_size=32, shuffle=True):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(batch), labels).backward()
        optimizer.step()
        scheduler.step()
