"""Warmup as in YOLOv5: biases come down from a high rate while the weights come up."""
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

HYP = {"lr0": 0.02, "lrf": 0.1, "warmup_epochs": 3, "warmup_bias_lr": 0.1, "momentum": 0.937}


def groups(model):
    weights = [p for n, p in model.named_parameters() if p.ndim > 1]
    biases = [p for n, p in model.named_parameters() if p.ndim <= 1]
    return weights, biases


def interp(i, end, a, b):
    return a + (b - a) * min(1.0, i / end)


def main(epochs=15):
    torch.manual_seed(24)
    x = torch.randn(800, 1, 10, 10)
    y = torch.stack([x[:, 0, :5].mean((1, 2)), x[:, 0, 5:].mean((1, 2))], 1) * 5
    loader = DataLoader(TensorDataset(x, y), batch_size=40, shuffle=True)
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.SiLU(), nn.Flatten(), nn.Linear(512, 2))
    weights, biases = groups(model)
    optimizer = torch.optim.SGD(biases, lr=HYP["lr0"], momentum=HYP["momentum"], nesterov=True)
    optimizer.add_param_group({"params": weights, "weight_decay": 5e-4})
    lf = lambda e: (1 - e / epochs) * (1.0 - HYP["lrf"]) + HYP["lrf"]
    scheduler = LambdaLR(optimizer, lr_lambda=lf)
    nb, nw = len(loader), HYP["warmup_epochs"] * len(loader)
    for epoch in range(epochs):
        for i, (images, targets) in enumerate(loader):
            ni = i + nb * epoch
            if ni <= nw:
                for j, group in enumerate(optimizer.param_groups):
                    start = HYP["warmup_bias_lr"] if j == 0 else 0.0
                    group["lr"] = interp(ni, nw, start, group["initial_lr"] * lf(epoch))
            loss = nn.functional.mse_loss(model(images), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        lrs = [g["lr"] for g in optimizer.param_groups]
        scheduler.step()
        print(f"epoch {epoch:2d} loss {loss.item():.4f} lr bias {lrs[0]:.4f} weight {lrs[1]:.4f}")


if __name__ == "__main__":
    main()
