import argparse, math
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

def make_data(n=640, seed=0):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 12, generator=g)
    y = (x[:, :3].sum(1) + 0.3 * torch.randn(n, generator=g) > 0).long()
    return TensorDataset(x, y)


def build():
    return nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Linear(24, 2))

torch.manual_seed(0)
loader = DataLoader(make_data(), batch_size=32, shuffle=True)
net = build()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, fused=True)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0 ** 12, growth_interval=6)
EPOCHS = 10
sched = torch.optim.lr_scheduler.LinearLR(opt, 1.0, 0.0, total_iters=EPOCHS * len(loader))
def loss_fn(x, y):
    with torch.autocast("cpu", dtype=torch.float16):
        return nn.functional.cross_entropy(net(x), y).half().float()
n = 0
for epoch in range(EPOCHS):
    for x, y in loader:
        opt.zero_grad()
        loss = loss_fn(x, y)
        scaled = scaler.scale(loss)
        scaled.backward()
        scaler.unscale_(opt)
        if scaler.get_scale() > 2.0 ** 14:     # what half precision cannot hold
            net[0].weight.grad[0, 0] = float("inf")
            scaler._per_optimizer_states.clear()
            scaler.unscale_(opt)
        before = scaler.get_scale()
        scaler.step(opt)
        scaler.update()
        skipped = scaler.get_scale() < before
        n += skipped
        if not skipped:
            sched.step()
    print(epoch, f"{loss.item():.3f} skipped {n}")
