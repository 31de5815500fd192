"""Room-type classifier; linear warmup over the first epochs, then polynomial decay."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class TrainConfig:
    base_lr = 0.25
    warmup_epochs = 4
    epochs = 14
    power = 2.0


def rooms(n):
    g = torch.Generator().manual_seed(2)
    centres = torch.randn(6, 16, generator=g) * 0.8
    label = torch.randint(6, (n,), generator=g)
    return TensorDataset(centres[label] + torch.randn(n, 16, generator=g), label)


def set_lr(optimizer, lr):
    for group in optimizer.param_groups:
        group["lr"] = lr


def adjust_learning_rate(optimizer, epoch, batch, batches, cfg):
    """Linear warmup for cfg.warmup_epochs, polynomial afterwards."""
    if epoch < cfg.warmup_epochs:
        lr = cfg.base_lr * (batch + 1) / (cfg.warmup_epochs * batches)
    else:
        done = (epoch - cfg.warmup_epochs) * batches + batch
        lr = cfg.base_lr * (1 - done / ((cfg.epochs - cfg.warmup_epochs) * batches)) ** cfg.power
    set_lr(optimizer, lr)
    return lr


def main():
    cfg = TrainConfig()
    torch.manual_seed(70)
    data = rooms(1200)
    train, test = torch.utils.data.random_split(data, [1000, 200])
    loader = DataLoader(train, batch_size=40, shuffle=True)
    test_x, test_y = map(torch.stack, zip(*test))
    model = nn.Sequential(nn.Linear(16, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 6))
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg.base_lr, momentum=0.9, nesterov=True)
    for epoch in range(cfg.epochs):
        model.train()
        for i, (x, y) in enumerate(loader):
            lr = adjust_learning_rate(optimizer, epoch, i, len(loader), cfg)
            loss = nn.functional.cross_entropy(model(x), y, label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            acc = (model(test_x).argmax(1) == test_y).float().mean()
        print(f"[{epoch + 1}/{cfg.epochs}] loss {loss.item():.3f} test acc {acc:.3f} lr {lr:.4f}")


if __name__ == "__main__":
    main()
