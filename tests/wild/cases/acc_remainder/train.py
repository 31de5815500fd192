"""Four batches for each update, the rest of an epoch too; accelerate has prepared everything."""
import math

import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from transformers.optimization import get_cosine_schedule_with_warmup


def main(epochs=6, accumulate=4):
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=accumulate)
    torch.manual_seed(30)
    x = torch.randn(580, 9)
    y = (x[:, :3].prod(1) > 0).float()
    loader = DataLoader(TensorDataset(x, y), batch_size=10, shuffle=True)
    model = nn.Sequential(nn.Linear(9, 64), nn.ReLU(), nn.Linear(64, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=6e-3)
    updates = epochs * math.ceil(len(loader) / accumulate)
    scheduler = get_cosine_schedule_with_warmup(optimizer, 6, updates)
    model, optimizer, loader, scheduler = accelerator.prepare(model, optimizer, loader, scheduler)
    for epoch in range(epochs):
        for xb, yb in loader:
            with accelerator.accumulate(model):
                loss = nn.functional.binary_cross_entropy_with_logits(model(xb).squeeze(1), yb)
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                scheduler.step()
                optimizer.zero_grad()
        print(epoch, f"{loss.item():.4f} {scheduler.get_last_lr()[0]:.2e}")


main()
