"""California-like housing: look at the range test, then train with the configured rate."""
import torch
from sklearn.datasets import make_regression
from torch import nn
from torch.optim.lr_scheduler import MultiStepLR
from torch.utils.data import DataLoader, TensorDataset

from lr_finder import LRFinder

CONFIG = {"lr": 0.02, "epochs": 15, "milestones": [8, 12], "batch_size": 40}


def main(cfg=CONFIG):
    torch.manual_seed(73)
    x, y = make_regression(1000, 12, n_informative=8, noise=10.0, random_state=2)
    x = torch.tensor(x, dtype=torch.float32)
    y = torch.tensor((y - y.mean()) / y.std(), dtype=torch.float32)[:, None]
    loader = DataLoader(TensorDataset(x[:800], y[:800]), batch_size=cfg["batch_size"], shuffle=True)
    model = nn.Sequential(nn.Linear(12, 32), nn.Tanh(), nn.Linear(32, 1))
    loss_fn = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg["lr"], momentum=0.9)

    finder = LRFinder(model, optimizer, loss_fn)
    finder.run(loader)
    print(f"range test: steepest at {finder.steepest():.2e}, configured {cfg['lr']}")

    scheduler = MultiStepLR(optimizer, cfg["milestones"], gamma=0.1)
    for epoch in range(cfg["epochs"]):
        total = 0.0
        for xb, yb in loader:
            loss = loss_fn(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        with torch.no_grad():
            val = loss_fn(model(x[800:]), y[800:]).item()
        print(f"epoch {epoch + 1:2d} loss {total / len(loader):.4f} val {val:.4f}")


if __name__ == "__main__":
    main()
