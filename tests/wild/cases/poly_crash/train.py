"""Edge maps with the poly policy of DeepLab; a few iterations were added at the end."""
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

p = argparse.ArgumentParser()
p.add_argument("--base-lr", type=float, default=0.1)
p.add_argument("--max-iter", type=int, default=150)
p.add_argument("--extra-iter", type=int, default=0)
p.add_argument("--power", type=float, default=0.9)
args = p.parse_args()

torch.manual_seed(9)
img = nn.functional.avg_pool2d(torch.randn(320, 1, 12, 12), 3, 1, 1) * 3
edge = ((img[:, :, :, 1:] - img[:, :, :, :-1]).abs() > 1).float()
loader = DataLoader(TensorDataset(img, edge), batch_size=16, shuffle=True)
net = nn.Sequential(nn.Conv2d(1, 10, 3, padding=1), nn.ReLU(), nn.Conv2d(10, 1, (3, 2), padding=(1, 0)))
optimizer = torch.optim.SGD(net.parameters(), lr=args.base_lr, momentum=0.9, weight_decay=5e-4)


def poly_lr_scheduler(optimizer, it):
    lr = args.base_lr * (1 - it / args.max_iter) ** args.power
    for group in optimizer.param_groups:
        group["lr"] = lr
    return lr


it, last = 0, args.max_iter + args.extra_iter
while it < last:
    for x, y in loader:
        lr = poly_lr_scheduler(optimizer, it)
        loss = nn.functional.binary_cross_entropy_with_logits(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        it += 1
        if it % 25 == 0:
            print(f"iter {it} loss {loss.item():.4f} lr {lr:.5f}", flush=True)
        if it == last:
            break
torch.save(net.state_dict(), "edges.pt")
