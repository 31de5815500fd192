"""Fine-tuning in stages: the head first, then two deeper layers join as new groups."""

import sys

import torch
from torch import nn

torch.manual_seed(6)
net = nn.ModuleDict({"stem": nn.Linear(6, 8), "body": nn.Linear(8, 8), "head": nn.Linear(8, 1)})
for part in ("stem", "body"):
    net[part].requires_grad_(False)
optimizer = torch.optim.SGD([{"params": net["head"].parameters(), "lr": 0.1, "name": "head"}], momentum=0.9)
JOINS = {4: ("body", 0.01), 8: ("stem", 0.001)}

for epoch in range(12):
    if epoch in JOINS:
        part, rate = JOINS[epoch]
        net[part].requires_grad_(True)
        optimizer.add_param_group({"params": net[part].parameters(), "lr": rate, "name": part})
    for _ in range(3):
        inputs = torch.randn(8, 6)
        hidden = net["body"](net["stem"](inputs).relu()).relu()
        loss = nn.functional.mse_loss(net["head"](hidden), inputs.mean(dim=1, keepdim=True))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for group in optimizer.param_groups:
        group["lr"] *= 0.9
    print("epoch", epoch, "groups", len(optimizer.param_groups))

torch.save([net.state_dict(), optimizer.state_dict()], sys.argv[1])
