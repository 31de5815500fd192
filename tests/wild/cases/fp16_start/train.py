"""Half precision: the scaler finds its scale in the first updates, the schedule is a calendar."""
import torch
from torch import nn
from torch.amp import GradScaler, autocast
from torch.optim.lr_scheduler import LinearLR
from torch.utils.data import DataLoader, TensorDataset


def main(epochs=16):
    torch.manual_seed(15)
    x = torch.randn(1000, 24)
    y = torch.stack([x[:, :5].sum(1), x[:, 5] * x[:, 6]], 1)
    loader = DataLoader(TensorDataset(x[:800], y[:800]), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Linear(24, 64), nn.ReLU(), nn.Linear(64, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    scheduler = LinearLR(optimizer, 1.0, 0.0, total_iters=epochs * len(loader))
    scaler = GradScaler("cpu", init_scale=2.0**18)
    skipped = 0
    for epoch in range(epochs):
        for xb, yb in loader:
            optimizer.zero_grad()
            with autocast("cpu", dtype=torch.float16):
                out = model(xb)
            scaler.scale(nn.functional.mse_loss(out.float(), yb)).backward()
            scaler.step(optimizer)
            before = scaler.get_scale()
            scaler.update()
            skipped += scaler.get_scale() < before
            scheduler.step()
        with torch.no_grad():
            val = nn.functional.mse_loss(model(x[800:]), y[800:]).item()
        print(f"epoch {epoch:2d} val {val:.4f} scale {scaler.get_scale():.0f} skipped so far {skipped}")


if __name__ == "__main__":
    main()
