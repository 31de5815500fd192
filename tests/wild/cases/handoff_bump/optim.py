import math

from torch.optim.lr_scheduler import LambdaLR


def warmup_cosine(optimizer, warmup_epochs, max_epochs, floor=0.02):
    """Linear ramp over `warmup_epochs`, then a half cosine to `floor`."""

    def factor(epoch):
        if epoch <= warmup_epochs:
            return (epoch + 1) / warmup_epochs
        progress = (epoch - warmup_epochs) / (max_epochs - warmup_epochs)
        return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress))

    return LambdaLR(optimizer, factor)
