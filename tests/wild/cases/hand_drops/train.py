"""Rate table by hand, as many vision scripts do it; no scheduler object."""
import torch
from sklearn.datasets import load_iris
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

RATES = {0: 0.02, 2: 0.1, 14: 0.02, 20: 0.004}


def update_rate(optimizer, epoch):
    if epoch in RATES:
        for group in optimizer.param_groups:
            group["lr"] = RATES[epoch] * (2.0 if group["bias"] else 1.0)
        print(f"epoch {epoch}: rates {[g['lr'] for g in optimizer.param_groups]}")


def main(epochs=24):
    torch.manual_seed(19)
    data = load_iris()
    x, y = torch.tensor(data.data, dtype=torch.float32), torch.tensor(data.target)
    x = (x - x.mean(0)) / x.std(0)
    loader = DataLoader(TensorDataset(x, y), batch_size=10, shuffle=True)
    model = nn.Sequential(nn.Linear(4, 24), nn.ReLU(), nn.Linear(24, 3))
    groups = [
        {"params": [p for n, p in model.named_parameters() if n.endswith("weight")], "bias": False},
        {"params": [p for n, p in model.named_parameters() if n.endswith("bias")], "bias": True, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.SGD(groups, lr=0.02, momentum=0.9, weight_decay=1e-4)
    for epoch in range(epochs):
        update_rate(optimizer, epoch)
        hits = 0
        for xb, yb in loader:
            logits = model(xb)
            loss = nn.functional.cross_entropy(logits, yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            hits += (logits.argmax(1) == yb).sum().item()
        print(f"epoch {epoch:2d} train acc {hits / len(x):.3f}")


if __name__ == "__main__":
    main()
