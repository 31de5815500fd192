from torch.optim.lr_scheduler import LRScheduler


class WarmupPoly(LRScheduler):
    """Linear warmup to the base rate, polynomial decay to zero, stepped per iteration."""

    def __init__(self, optimizer, max_iters, warmup_iters=0, power=0.9, last_epoch=-1):
        self.max_iters, self.warmup_iters, self.power = max_iters, warmup_iters, power
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        it = self.last_epoch
        if it < self.warmup_iters:
            return [self.base_lrs[0] * (it + 1) / self.warmup_iters]
        return [self.base_lrs[0] * max(0.0, 1 - it / self.max_iters) ** self.power]

    def step(self, epoch=None):
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        for group, lr in zip(self.optimizer.param_groups, self.get_lr()):
            group["lr"] = lr
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]
