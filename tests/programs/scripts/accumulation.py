"""Gradient accumulation over four batches, and a last incomplete group of them."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)
inputs = torch.randn(88, 5)
loader = DataLoader(TensorDataset(inputs, inputs.abs().sum(dim=1)), batch_size=8, shuffle=True)
model = nn.Linear(5, 1)
optimizer = torch.optim.NAdam(model.named_parameters(), lr=2e-2)
scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=3, T_mult=2)
accumulation = 4

for epoch in range(4):
    for index, (batch, target) in enumerate(loader):
        loss = nn.functional.l1_loss(model(batch).squeeze(1), target) / accumulation
        loss.backward()
        if (index + 1) % accumulation == 0 or index + 1 == len(loader):
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    print(f"epoch {epoch} lr {optimizer.param_groups[0]['lr']:.6f}")

torch.save([model.state_dict(), optimizer.state_dict(), scheduler.state_dict()], sys.argv[1])
