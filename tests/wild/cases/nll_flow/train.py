"""Mixture-density model of a narrow signal; the loss is a negative log-likelihood."""
import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset


class DensityNet(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(1, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.mean, self.log_std = nn.Linear(hidden, 1), nn.Linear(hidden, 1)

    def nll(self, x, y):
        h = self.body(x)
        s = self.log_std(h).clamp(-4, 2)
        return (0.5 * ((y - self.mean(h)) / s.exp()) ** 2 + s).mean()


def signal(n):
    x = torch.rand(n, 1) * 6 - 3
    return x, torch.sin(x) * 0.3 + (0.05 + 0.05 * x.abs()) * torch.randn(n, 1)


def main(epochs=40):
    torch.manual_seed(88)
    x, y = signal(600)
    vx, vy = signal(400)
    loader = DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True)
    model = DensityNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    scheduler = ReduceLROnPlateau(optimizer, mode="min", factor=0.3, patience=2, threshold=0.05)
    best = float("inf")
    for epoch in range(epochs):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            model.nll(xb, yb).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
        model.eval()
        with torch.no_grad():
            val = model.nll(vx, vy).item()
        scheduler.step(val)
        if val < best:
            best = val
            torch.save(model.state_dict(), "best.pt")
        print(f"epoch {epoch:2d} val nll {val:.4f} best {best:.4f} lr {optimizer.param_groups[0]['lr']:.1e}")


if __name__ == "__main__":
    main()
