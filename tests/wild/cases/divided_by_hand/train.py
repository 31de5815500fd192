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
opt = torch.optim.SGD(net.parameters(), lr=0.3, momentum=0.9)
E = 10
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 0.3, total_steps=E * len(loader) + 1)
avg = None
for epoch in range(E):
    for x, y in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
        sched.step()
        if avg is not None and loss.item() > 2.5 * avg:
            print("spike", epoch, f"{loss.item():.3f}")
            for g in opt.param_groups:
                g["lr"] *= 0.5
        avg = loss.item() if avg is None else 0.9 * avg + 0.1 * loss.item()
    print(epoch, f"{avg:.3f}")
