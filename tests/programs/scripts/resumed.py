"""Trains for some epochs; started again, goes on from the checkpoint it left."""

import os
import sys

import torch
from torch import nn

path, epochs = sys.argv[1], int(sys.argv[2])
torch.manual_seed(7)
model = nn.Linear(4, 1)
optimizer = torch.optim.RMSprop(model.parameters(), lr=5e-3, momentum=0.5)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[2, 5, 6], gamma=0.1)
first = 0
if os.path.exists(path):
    checkpoint = torch.load(path)
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    first = checkpoint["epoch"] + 1

for epoch in range(first, epochs):
    generator = torch.Generator().manual_seed(epoch)
    for _ in range(4):
        inputs = torch.randn(8, 4, generator=generator)
        loss = (model(inputs).squeeze(1) - inputs.prod(dim=1)).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    print(f"epoch {epoch} lr {scheduler.get_last_lr()}")

state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
torch.save({**state, "epoch": epochs - 1}, path)
