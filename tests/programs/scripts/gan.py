"""A GAN on a ring of points: two optimizers, a scheduler each, two D steps per G step."""

import math
import sys

import torch
from torch import nn

torch.manual_seed(2)
generator = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
discriminator = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=4e-4, betas=(0.5, 0.999))
scheduler_g = torch.optim.lr_scheduler.LambdaLR(optimizer_g, lambda step: 1 - step / 60)
scheduler_d = torch.optim.lr_scheduler.ExponentialLR(optimizer_d, gamma=0.97)
criterion = nn.BCEWithLogitsLoss()


def real(count):
    angle = torch.rand(count) * 2 * math.pi
    return torch.stack([angle.cos(), angle.sin()], dim=1)


for step in range(30):
    for _ in range(2):
        fake = generator(torch.randn(16, 4)).detach()
        loss_d = criterion(discriminator(real(16)), torch.ones(16, 1))
        loss_d = loss_d + criterion(discriminator(fake), torch.zeros(16, 1))
        optimizer_d.zero_grad()
        loss_d.backward()
        optimizer_d.step()
    loss_g = criterion(discriminator(generator(torch.randn(16, 4))), torch.ones(16, 1))
    optimizer_g.zero_grad()
    loss_g.backward()
    optimizer_g.step()
    scheduler_g.step()
    scheduler_d.step()
    if step % 10 == 0:
        print(f"step {step} d {loss_d.item():.4f} g {loss_g.item():.4f}")

torch.save([each.state_dict() for each in (generator, discriminator, optimizer_g, optimizer_d)], sys.argv[1])
