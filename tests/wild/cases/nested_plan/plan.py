from torch.optim.lr_scheduler import ConstantLR, ExponentialLR, LinearLR, SequentialLR


def pretrain_phase(optimizer, burn_in, ramp):
    """A burn-in at a twentieth of the rate, then a ramp up to the rate."""
    hold = ConstantLR(optimizer, factor=0.05, total_iters=burn_in)
    up = LinearLR(optimizer, start_factor=0.25, total_iters=ramp)
    return SequentialLR(optimizer, [hold, up], milestones=[burn_in])


def full_plan(optimizer, burn_in, ramp, gamma):
    first = pretrain_phase(optimizer, burn_in, ramp)
    second = ExponentialLR(optimizer, gamma=gamma)
    return SequentialLR(optimizer, [first, second], milestones=[burn_in + ramp])
