"""Long linear schedule per epoch with early stopping on the validation loss."""
import torch
from torch import nn
from torch.optim.lr_scheduler import LinearLR
from torch.utils.data import DataLoader, TensorDataset


class EarlyStopping:
    def __init__(self, patience, path):
        self.patience, self.path, self.best, self.wait = patience, path, float("inf"), 0

    def __call__(self, value, model):
        if value < self.best:
            self.best, self.wait = value, 0
            torch.save(model.state_dict(), self.path)
            return False
        self.wait += 1
        return self.wait >= self.patience


def main(max_epochs=80):
    torch.manual_seed(8)
    x = torch.randn(420, 15)
    y = (x[:, :3].sum(1) + 1.2 * torch.randn(420) > 0).long()
    loader = DataLoader(TensorDataset(x[:240], y[:240]), batch_size=20, shuffle=True)
    model = nn.Sequential(nn.Linear(15, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = LinearLR(optimizer, start_factor=1.0, end_factor=0.01, total_iters=max_epochs)
    stopper = EarlyStopping(patience=5, path="best.pt")
    for epoch in range(max_epochs):
        for xb, yb in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(xb), yb).backward()
            optimizer.step()
        scheduler.step()
        with torch.no_grad():
            val = nn.functional.cross_entropy(model(x[240:]), y[240:]).item()
        print(f"epoch {epoch:2d} val {val:.4f}")
        if stopper(val, model):
            print(f"early stopping in epoch {epoch}, best {stopper.best:.4f}")
            break
    model.load_state_dict(torch.load("best.pt"))


if __name__ == "__main__":
    main()
