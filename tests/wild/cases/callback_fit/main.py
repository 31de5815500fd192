"""Breast-cancer classifier on a small callback runner."""
import torch
from sklearn.datasets import load_breast_cancer
from torch import nn
from torch.optim.lr_scheduler import LinearLR
from torch.utils.data import DataLoader, TensorDataset

from callbacks import BestWeights, LossMeter, SchedulerCallback
from runner import Runner


def main(epochs=12):
    torch.manual_seed(19)
    bunch = load_breast_cancer()
    x = torch.tensor(bunch.data, dtype=torch.float32)
    x = (x - x.mean(0)) / x.std(0)
    y = torch.tensor(bunch.target, dtype=torch.float32)[:, None]
    order = torch.randperm(len(x))
    train, valid = order[:320], order[320:560]
    loaders = {
        "train": DataLoader(TensorDataset(x[train], y[train]), batch_size=16, shuffle=True),
        "valid": DataLoader(TensorDataset(x[valid], y[valid]), batch_size=20),
    }
    model = nn.Sequential(nn.Linear(30, 24), nn.ReLU(), nn.Linear(24, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    scheduler = LinearLR(optimizer, start_factor=1.0, end_factor=0.01, total_iters=epochs * len(loaders["train"]))
    callbacks = [SchedulerCallback(scheduler), LossMeter(), BestWeights(model)]
    Runner(model, nn.BCEWithLogitsLoss(), optimizer, callbacks).fit(loaders, epochs)


if __name__ == "__main__":
    main()
