"""Small regression; the trainer halves its factor when validation stalls."""
import argparse

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self):
        torch.manual_seed(33)
        self.factor, self.best, self.epoch = 1.0, float("inf"), 0
        x = torch.randn(560, 7)
        y = x[:, :1] - x[:, 1:2].abs() + 0.8 * torch.randn(560, 1)
        self.train = DataLoader(TensorDataset(x[:360], y[:360]), batch_size=24, shuffle=True)
        self.valid = (x[360:], y[360:])
        self.net = nn.Sequential(nn.Linear(7, 64), nn.ReLU(), nn.Linear(64, 1))
        self.opt = torch.optim.Adam(self.net.parameters(), lr=0.03)
        self.sched = LambdaLR(self.opt, lambda epoch: self.factor)

    def state(self):
        return {"net": self.net.state_dict(), "opt": self.opt.state_dict(), "sched": self.sched.state_dict(), "epoch": self.epoch}

    def load(self, path):
        s = torch.load(path)
        self.net.load_state_dict(s["net"])
        self.opt.load_state_dict(s["opt"])
        self.sched.load_state_dict(s["sched"])
        self.epoch = s["epoch"]

    def run(self, epochs):
        while self.epoch < epochs:
            for x, y in self.train:
                self.opt.zero_grad()
                nn.functional.mse_loss(self.net(x), y).backward()
                self.opt.step()
            with torch.no_grad():
                val = nn.functional.mse_loss(self.net(self.valid[0]), self.valid[1]).item()
            if val > self.best * 0.98:
                self.factor *= 0.5
            self.best = min(self.best, val)
            self.sched.step()
            self.epoch += 1
            print(self.epoch, f"val {val:.4f} lr {self.opt.param_groups[0]['lr']:.5f}")
        torch.save(self.state(), "t.pt")


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int)
    p.add_argument("--resume", action="store_true")
    a = p.parse_args()
    t = Trainer()
    if a.resume:
        t.load("t.pt")
    t.run(a.epochs)
