"""Update-indexed schedule in the style of timm: the caller says which update comes next."""
import math


class CosineScheduler:
    def __init__(self, optimizer, t_initial, lr_min=0.0, warmup_t=0, warmup_lr_init=0.0):
        self.optimizer = optimizer
        self.t_initial, self.lr_min = t_initial, lr_min
        self.warmup_t, self.warmup_lr_init = warmup_t, warmup_lr_init
        self.base_values = [group["lr"] for group in optimizer.param_groups]
        self.step_update(0)

    def _value(self, t, base):
        if t < self.warmup_t:
            return self.warmup_lr_init + (base - self.warmup_lr_init) * t / self.warmup_t
        t = (t - self.warmup_t) / (self.t_initial - self.warmup_t)
        return self.lr_min + 0.5 * (base - self.lr_min) * (1 + math.cos(math.pi * t))

    def step_update(self, num_updates):
        for group, base in zip(self.optimizer.param_groups, self.base_values):
            group["lr"] = self._value(num_updates, base)
