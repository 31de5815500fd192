import argparse, math
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

def make_data(n=640, seed=0):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 12, generator=g)
    y = (x[:, :3].sum(1) + 3.0 * torch.randn(n, generator=g) > 0).long()
    return TensorDataset(x, y)


def build():
    return nn.Sequential(nn.Linear(12, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2))

torch.manual_seed(0)
loader = DataLoader(make_data(160), batch_size=32, shuffle=True)
net = build()
val = DataLoader(make_data(160, 4), batch_size=160)
def validate():
    net.eval()
    with torch.no_grad():
        x, y = next(iter(val))
        out = net(x)
    net.train()
    return nn.functional.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()
E = 30
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=4, factor=0.5)
for epoch in range(E):
    for x, y in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
    v, acc = validate()
    sched.step(v)
    print(epoch, f"{v:.4f} {acc:.3f}")
