import os

import torch


def save(path, epoch, model, optimizer, lr_scheduler):
    torch.save(
        {
            "epoch": epoch,
            "model_state": model.state_dict(),
            "optimizer_state": optimizer.state_dict(),
            "lr_scheduler_state": lr_scheduler.state_dict(),
        },
        path,
    )


def load_if_there(path, **parts):
    """Restores each part whose state is in the file; returns the epoch to go on with."""
    if not os.path.exists(path):
        return 0
    blob = torch.load(path)
    for name, part in parts.items():
        key = f"{name}_state"
        if key in blob:
            part.load_state_dict(blob[key])
    return blob["epoch"]
