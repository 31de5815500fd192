import math


class TensorCosine:
    """Cosine schedule for optimizers whose learning rate is a tensor."""

    def __init__(self, optimizer, total, floor=0.05):
        self.optimizer, self.total, self.floor = optimizer, total, floor
        self.base_lrs = [group["lr"] for group in optimizer.param_groups]
        self.t = 0

    def factor(self):
        return self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, self.t / self.total)))

    def step(self):
        self.t += 1
        for group, base in zip(self.optimizer.param_groups, self.base_lrs):
            group["lr"].copy_(base * self.factor())
