"""Cosine first, then a stochastic weight average at a constant rate."""
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.optim.swa_utils import SWALR, AveragedModel, update_bn
from torch.utils.data import DataLoader, TensorDataset

EPOCHS, SWA_START = 18, 12


def main():
    torch.manual_seed(17)
    x = torch.randn(900, 16)
    y = (x[:, :2].prod(1) > 0).long()
    loader = DataLoader(TensorDataset(x[:720], y[:720]), batch_size=36, shuffle=True)
    model = nn.Sequential(nn.Linear(16, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = CosineAnnealingLR(optimizer, T_max=SWA_START, eta_min=0.02)
    swa_model = AveragedModel(model)
    swa_scheduler = SWALR(optimizer, swa_lr=0.02, anneal_epochs=2)
    for epoch in range(EPOCHS):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
        if epoch >= SWA_START:
            swa_model.update_parameters(model)
            swa_scheduler.step()
        else:
            scheduler.step()
        print(f"epoch {epoch:2d} loss {loss.item():.4f} lr {optimizer.param_groups[0]['lr']:.4f}")
    update_bn(loader, swa_model)
    swa_model.eval()
    with torch.no_grad():
        print("averaged acc", (swa_model(x[720:]).argmax(1) == y[720:]).float().mean().item())


if __name__ == "__main__":
    main()
