"""Auto-encoder with an adversarial term that is switched on late, as in VQGAN."""
import argparse

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class AutoEncoder(nn.Module):
    def __init__(self, hidden=48, code=8):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, code))
        self.dec = nn.Sequential(nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, 64), nn.Sigmoid())

    def forward(self, x):
        return self.dec(self.enc(x))


def parse():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=20)
    p.add_argument("--disc-start", type=int, default=12, help="epoch in which the discriminator comes in")
    p.add_argument("--lr", type=float, default=4e-3)
    p.add_argument("--disc-lr", type=float, default=4e-3)
    p.add_argument("--gamma", type=float, default=0.8)
    return p.parse_args()


def main():
    args = parse()
    torch.manual_seed(64)
    x = torch.tensor(load_digits().data / 16, dtype=torch.float32)
    loader = DataLoader(TensorDataset(x[:1600]), batch_size=80, shuffle=True)
    model, disc = AutoEncoder(), nn.Sequential(nn.Linear(64, 48), nn.LeakyReLU(0.2), nn.Linear(48, 1))
    optimizers = {
        "ae": torch.optim.Adam(model.parameters(), lr=args.lr, betas=(0.5, 0.9)),
        "disc": torch.optim.Adam(disc.parameters(), lr=args.disc_lr, betas=(0.5, 0.9)),
    }
    schedulers = [torch.optim.lr_scheduler.ExponentialLR(o, args.gamma) for o in optimizers.values()]
    for epoch in range(args.epochs):
        adversarial = epoch >= args.disc_start
        rec_sum = d_sum = 0.0
        for (real,) in loader:
            fake = model(real)
            rec = nn.functional.mse_loss(fake, real)
            loss = rec - 0.01 * disc(fake).mean() if adversarial else rec
            optimizers["ae"].zero_grad()
            loss.backward()
            optimizers["ae"].step()
            rec_sum += rec.item()
            if adversarial:
                d_loss = torch.relu(1 - disc(real)).mean() + torch.relu(1 + disc(fake.detach())).mean()
                optimizers["disc"].zero_grad()
                d_loss.backward()
                optimizers["disc"].step()
                d_sum += d_loss.item()
        for scheduler in schedulers:
            scheduler.step()
        print(f"epoch {epoch:2d} rec {rec_sum / len(loader):.5f} disc {d_sum / len(loader):.4f}")
    torch.save(model.state_dict(), "autoencoder.pt")


if __name__ == "__main__":
    main()
