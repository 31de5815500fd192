"""Retail-demand model in the callback style."""
import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, TensorDataset

from learner import Learner


class OneCycle:
    def __init__(self, optimizer, max_lr, total):
        self.schedule = OneCycleLR(optimizer, max_lr=max_lr, total_steps=total, cycle_momentum=False)

    def batch_end(self, loss):
        self.schedule.step()


class Printer:
    def epoch_end(self, epoch, loss):
        print(f"epoch {epoch:2d} loss {loss:.4f}")


class Checkpoint:
    def __init__(self, model):
        self.model, self.best = model, float("inf")

    def epoch_end(self, epoch, loss):
        if loss < self.best:
            self.best = loss
            torch.save(self.model.state_dict(), "demand.pt")


def demand(n):
    day = torch.randint(7, (n,))
    promo = torch.rand(n) < 0.3
    x = torch.cat([nn.functional.one_hot(day, 7).float(), promo[:, None].float(), torch.randn(n, 4)], 1)
    y = 1 + (day >= 5) * 0.8 + promo * (1 + x[:, 8]) + 0.3 * torch.randn(n)
    return TensorDataset(x, y[:, None].float())


def main(epochs=14):
    torch.manual_seed(66)
    loader = DataLoader(demand(900), batch_size=45, shuffle=True)
    model = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    one_cycle = OneCycle(optimizer, max_lr=1e-2, total=epochs * len(loader))
    learner = Learner(model, nn.MSELoss(), optimizer, callbacks=[Printer(), Checkpoint(model)])
    learner.fit(loader, epochs)


if __name__ == "__main__":
    main()
