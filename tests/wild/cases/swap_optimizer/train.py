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
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
for epoch in range(10):
    if epoch == 3:
        opt = torch.optim.SGD(net.parameters(), lr=1e-2, momentum=0.9)   # switch from Adam to SGD
    for x, y in loader:
        opt.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        opt.step()
    sched.step()
    print(epoch, f"{sched.get_last_lr()[0]:.5f}")
