"""Trains by iterations; the rate halves at every second evaluation."""
import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset


def forever(loader):
    while True:
        yield from loader


@torch.no_grad()
def evaluate(model, loader):
    return sum(nn.functional.mse_loss(model(x), y, reduction="sum").item() for x, y in loader)


def main(iterations=300, eval_every=30):
    torch.manual_seed(4)
    x = torch.randn(100, 6)
    data = TensorDataset(x, x[:, :1].sin())
    train = DataLoader(data, batch_size=10, shuffle=True)
    valid = DataLoader(data, batch_size=50)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = StepLR(optimizer, step_size=2, gamma=0.5)
    for iteration, (xb, yb) in zip(range(1, iterations + 1), forever(train)):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(xb), yb).backward()
        optimizer.step()
        if iteration % eval_every == 0:
            print(iteration, evaluate(model, valid))
            scheduler.step()


main()
