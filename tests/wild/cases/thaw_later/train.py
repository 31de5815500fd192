"""Gradual unfreezing: deeper layers join the optimizer later, with smaller rates."""
import torch
from torch import nn
from torch.optim.lr_scheduler import ExponentialLR
from torch.utils.data import DataLoader, TensorDataset

THAW = {4: ("layer2", 5e-3), 8: ("layer1", 1e-3)}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1, self.layer2, self.head = nn.Linear(20, 40), nn.Linear(40, 40), nn.Linear(40, 4)

    def forward(self, x):
        return self.head(torch.relu(self.layer2(torch.relu(self.layer1(x)))))


def main(epochs=14):
    torch.manual_seed(12)
    x = torch.randn(800, 20)
    y = (x[:, 0] > 0).long() * 2 + (x[:, 1] * x[:, 2] > 0).long()
    loader = DataLoader(TensorDataset(x, y), batch_size=40, shuffle=True)
    model = Net()
    model.layer1.requires_grad_(False)
    model.layer2.requires_grad_(False)
    optimizer = torch.optim.SGD(model.head.parameters(), lr=0.05, momentum=0.9)
    scheduler = ExponentialLR(optimizer, gamma=0.92)
    for epoch in range(epochs):
        if epoch in THAW:
            name, lr = THAW[epoch]
            layer = getattr(model, name).requires_grad_(True)
            optimizer.add_param_group({"params": list(layer.parameters()), "lr": lr})
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        print(f"epoch {epoch:2d} loss {total / len(loader):.4f} rates {[round(g['lr'], 5) for g in optimizer.param_groups]}")


if __name__ == "__main__":
    main()
