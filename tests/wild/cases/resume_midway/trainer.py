import torch
from torch import nn


class Trainer:
    """Counts updates; can stop and go on in the middle of an epoch."""

    def __init__(self, model, optimizer, scheduler, batches, total):
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.batches, self.total, self.update = batches, total, 0

    def state_dict(self):
        parts = {k: getattr(self, k).state_dict() for k in ("model", "optimizer", "scheduler")}
        return {**parts, "update": self.update}

    def load_state_dict(self, state):
        for k in ("model", "optimizer", "scheduler"):
            getattr(self, k).load_state_dict(state[k])
        self.update = state["update"]

    def run(self, limit):
        while self.update < min(self.total, limit):
            x, y = self.batches(self.update)
            loss = nn.functional.cross_entropy(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.scheduler.step()
            self.update += 1
            if self.update % 30 == 0:
                print(f"update {self.update} loss {loss.item():.4f} lr {self.scheduler.get_last_lr()[0]:.2e}")
