import torch.optim.lr_scheduler as lrs

SCHEDULERS = {
    "step": lambda opt, cfg: lrs.StepLR(opt, cfg["step_size"], cfg["gamma"]),
    "cosine": lambda opt, cfg: lrs.CosineAnnealingLR(opt, cfg["epochs"]),
    "plateau": lambda opt, cfg: lrs.ReduceLROnPlateau(opt, factor=cfg["gamma"], patience=cfg["patience"]),
}


def create(name, optimizer, cfg):
    return SCHEDULERS[name](optimizer, cfg)
