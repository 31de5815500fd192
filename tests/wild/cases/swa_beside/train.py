"""Digits with weight averaging over the last six epochs."""
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.optim.swa_utils import SWALR, AveragedModel
from torch.utils.data import DataLoader, TensorDataset

EPOCHS, SWA_START = 16, 10


def main():
    torch.manual_seed(38)
    x, y = load_digits(return_X_y=True)
    x, y = torch.tensor(x, dtype=torch.float32) / 16, torch.tensor(y)
    loader = DataLoader(TensorDataset(x[:900], y[:900]), batch_size=45, shuffle=True)
    model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
    averaged = AveragedModel(model)
    opt = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    scheduler = CosineAnnealingLR(opt, T_max=EPOCHS)
    swa_scheduler = SWALR(opt, swa_lr=0.05, anneal_epochs=3)
    for epoch in range(EPOCHS):
        for xb, yb in loader:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            opt.step()
        if epoch >= SWA_START:
            averaged.update_parameters(model)
            swa_scheduler.step()
        scheduler.step()
        print(epoch, f"{loss.item():.4f} lr {opt.param_groups[0]['lr']:.4f}")
    with torch.no_grad():
        print("swa acc", (averaged(x[900:]).argmax(1) == y[900:]).float().mean().item())


main()
