import math


class LearningRateHook:
    """Sets the rate after each batch: warmup, then cosine."""

    def __init__(self, optimizer, warmup, total):
        self.optimizer, self.warmup, self.total = optimizer, warmup, total
        self.base = [group["lr"] for group in optimizer.param_groups]
        self.seen = 0

    def value(self, base):
        if self.seen < self.warmup:
            return base * (self.seen + 1) / self.warmup
        progress = (self.seen - self.warmup) / (self.total - self.warmup)
        return 0.5 * base * (1 + math.cos(math.pi * progress))

    def after_batch(self):
        for group, base in zip(self.optimizer.param_groups, self.base):
            group["lr"] = self.value(base)
        self.seen += 1
