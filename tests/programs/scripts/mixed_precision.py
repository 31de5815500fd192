"""Mixed precision with a GradScaler on the CPU; some steps overflow and are left out."""

import sys

import torch
from torch import nn

path, fused = sys.argv[1], sys.argv[2] == "fused"
torch.manual_seed(3)
model = nn.Sequential(nn.Linear(6, 12), nn.GELU(), nn.Linear(12, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=fused)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=30)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=5)

skipped = 0
for step in range(30):
    inputs = torch.randn(8, 6)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.mse_loss(model(inputs).float(), inputs.mean(dim=1, keepdim=True))
    if step in (0, 7, 8, 21):
        loss = loss * float("inf")
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    if step % 2:
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    before = scaler.get_scale()
    scaler.step(optimizer)
    scaler.update()
    skipped += scaler.get_scale() < before
    scheduler.step()
print("skipped", skipped)

torch.save([model.state_dict(), optimizer.state_dict(), scaler.state_dict()], path)
