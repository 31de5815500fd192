"""Price model; --epochs can be raised later to train on from the checkpoint."""
import argparse
import pathlib

import torch
from torch import nn
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

CKPT = pathlib.Path("ckpt.pt")


def market(n=900):
    x = torch.randn(n, 7)
    price = 2 * x[:, 0] + x[:, 1] * x[:, 2] - torch.relu(x[:, 3]) + 0.3 * torch.randn(n)
    return x, price[:, None]


class Session:
    def __init__(self, epochs):
        self.epochs, self.done = epochs, 0
        self.model = nn.Sequential(nn.Linear(7, 48), nn.Tanh(), nn.Linear(48, 1))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.08, momentum=0.8)
        self.scheduler = lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=epochs)

    def state_dict(self):
        return {"done": self.done, **{k: getattr(self, k).state_dict() for k in ("model", "optimizer", "scheduler")}}

    def load_state_dict(self, state):
        self.done = state["done"]
        for k in ("model", "optimizer", "scheduler"):
            getattr(self, k).load_state_dict(state[k])

    def train(self, loader, val):
        while self.done < self.epochs:
            for x, y in loader:
                self.optimizer.zero_grad()
                loss = nn.functional.mse_loss(self.model(x), y)
                loss.backward()
                self.optimizer.step()
            self.scheduler.step()
            self.done += 1
            torch.save(self.state_dict(), CKPT)
            with torch.no_grad():
                err = nn.functional.mse_loss(self.model(val[0]), val[1]).item()
            print(f"epoch {self.done}/{self.epochs} val {err:.4f} next lr {self.scheduler.get_last_lr()[0]:.4f}")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=10)
    ap.add_argument("--resume", action="store_true")
    args = ap.parse_args()
    torch.manual_seed(26)
    x, y = market()
    loader = DataLoader(TensorDataset(x[:700], y[:700]), batch_size=35, shuffle=True)
    session = Session(args.epochs)
    if args.resume:
        session.load_state_dict(torch.load(CKPT))
    session.train(loader, (x[700:], y[700:]))


if __name__ == "__main__":
    main()
