"""Three job slots of one training, stopped in mid-epoch; everything restored."""
import argparse
import pathlib

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

from trainer import Trainer

BATCH, EPOCHS = 30, 12


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--slot-updates", type=int, default=85)
    p.add_argument("--state", type=pathlib.Path, default=pathlib.Path("slot.pt"))
    args = p.parse_args()
    torch.manual_seed(28)
    x = torch.randn(600, 15)
    y = (x @ torch.randn(15, 5) + 0.5 * torch.randn(600, 5)).argmax(1)
    per_epoch = len(x) // BATCH

    def batches(update):
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(update // per_epoch))
        rows = order[(update % per_epoch) * BATCH:][:BATCH]
        return x[rows], y[rows]

    model = nn.Sequential(nn.Linear(15, 48), nn.ReLU(), nn.Linear(48, 5))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = OneCycleLR(optimizer, max_lr=1e-2, total_steps=EPOCHS * per_epoch)
    trainer = Trainer(model, optimizer, scheduler, batches, EPOCHS * per_epoch)
    if args.state.exists():
        trainer.load_state_dict(torch.load(args.state))
    trainer.run(trainer.update + args.slot_updates)
    torch.save(trainer.state_dict(), args.state)


if __name__ == "__main__":
    main()
