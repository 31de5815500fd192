from torch.optim.lr_scheduler import ChainedScheduler, ExponentialLR, LambdaLR


def build(optimizer, warmup_steps, gamma):
    """Exponential decay with a linear warmup factor on top."""
    decay = ExponentialLR(optimizer, gamma=gamma)
    warmup = LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / warmup_steps))
    return ChainedScheduler([decay, warmup])
