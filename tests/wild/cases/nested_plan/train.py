"""Swiss-roll embedding regressor under a three-part plan (burn-in, ramp, decay)."""
import torch
from sklearn.datasets import make_swiss_roll
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from plan import full_plan


def main(epochs=16, lr=0.1):
    torch.manual_seed(68)
    points, t = make_swiss_roll(1000, noise=0.3, random_state=9)
    x = torch.tensor(points / 10, dtype=torch.float32)
    y = torch.tensor((t - t.mean()) / t.std(), dtype=torch.float32)[:, None]
    loader = DataLoader(TensorDataset(x[:800], y[:800]), batch_size=40, shuffle=True)
    model = nn.Sequential(nn.Linear(3, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = full_plan(optimizer, burn_in=2, ramp=4, gamma=0.8)
    for epoch in range(epochs):
        used = optimizer.param_groups[0]["lr"]
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        with torch.no_grad():
            val = nn.functional.mse_loss(model(x[800:]), y[800:]).item()
        print(f"epoch {epoch:2d} lr {used:.4f} train {total / len(loader):.4f} val {val:.4f}")


if __name__ == "__main__":
    main()
