"""A small Trainer with callbacks; warm-up, then cosine, stepped every batch."""

import sys

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR


class Callback:
    def on_epoch_end(self, trainer):
        pass


class History(Callback):
    def __init__(self):
        self.rates = []

    def on_epoch_end(self, trainer):
        self.rates.append([group["lr"] for group in trainer.optimizer.param_groups])
        print("epoch", trainer.epoch, "rates", self.rates[-1])


class HalveOnce(Callback):
    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, trainer):
        if trainer.epoch == self.epoch:
            for group in trainer.optimizer.param_groups:
                group["weight_decay"] *= 0.5


class Trainer:
    def __init__(self, model, optimizer, scheduler, callbacks):
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.callbacks = callbacks
        self.epoch = 0

    def training_step(self, batch):
        inputs, target = batch
        return nn.functional.mse_loss(self.model(inputs), target)

    def fit(self, loader, epochs):
        for self.epoch in range(epochs):
            for batch in loader:
                loss = self.training_step(batch)
                self.optimizer.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                self.optimizer.step()
                self.scheduler.step()
            for callback in self.callbacks:
                callback.on_epoch_end(self)


def main(path):
    torch.manual_seed(1)
    inputs = torch.randn(64, 6)
    dataset = torch.utils.data.TensorDataset(inputs, inputs.sin().mean(dim=1, keepdim=True))
    loader = torch.utils.data.DataLoader(dataset, batch_size=8, shuffle=True)
    model = nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 1))
    groups = [
        {"params": model[0].parameters(), "lr": 3e-4},
        {"params": model[2].parameters(), "lr": 3e-3},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    warmup = LinearLR(optimizer, start_factor=0.1, total_iters=8)
    cosine = CosineAnnealingLR(optimizer, T_max=32, eta_min=1e-5)
    scheduler = SequentialLR(optimizer, [warmup, cosine], milestones=[8])
    history = History()
    Trainer(model, optimizer, scheduler, [history, HalveOnce(2)]).fit(loader, epochs=5)
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "rates": history.rates}, path)


if __name__ == "__main__":
    main(sys.argv[1])
