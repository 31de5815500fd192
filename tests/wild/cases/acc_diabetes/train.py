"""Disease progression with Accelerate and a plateau schedule."""
import torch
from accelerate import Accelerator
from sklearn.datasets import load_diabetes
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset

EPOCHS = 24


def main():
    accelerator = Accelerator(cpu=True)
    torch.manual_seed(12)
    bunch = load_diabetes()
    x = torch.tensor(bunch.data, dtype=torch.float32) * 20
    y = torch.tensor((bunch.target - bunch.target.mean()) / bunch.target.std(), dtype=torch.float32)[:, None]
    train = DataLoader(TensorDataset(x[:320], y[:320]), batch_size=16, shuffle=True)
    val = DataLoader(TensorDataset(x[320:440], y[320:440]), batch_size=30)

    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
    scheduler = ReduceLROnPlateau(optimizer, factor=0.1, patience=3)
    model, optimizer, train, val, scheduler = accelerator.prepare(model, optimizer, train, val, scheduler)

    history = []
    for epoch in range(EPOCHS):
        model.train()
        for xb, yb in train:
            optimizer.zero_grad()
            accelerator.backward(nn.functional.mse_loss(model(xb), yb))
            optimizer.step()
        model.eval()
        errors = []
        with torch.no_grad():
            for xb, yb in val:
                errors.append(accelerator.gather_for_metrics((model(xb) - yb).square()))
        mse = torch.cat(errors).mean().item()
        scheduler.step(mse)
        history.append(mse)
        accelerator.print(f"epoch {epoch:2d} val mse {mse:.5f} lr {optimizer.param_groups[0]['lr']:.1e}")
    accelerator.print("best epoch", history.index(min(history)))
    accelerator.wait_for_everyone()


main()
