"""Wasserstein GAN on a mixture: several critic updates for each generator update, one clock for both rates."""
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

ITERATIONS, CRITIC_STEPS, BATCH = 180, 3, 64


def mixture(n):
    centre = torch.tensor([[2.0, 0.0], [-2.0, 0.0], [0.0, 2.0], [0.0, -2.0]])
    return centre[torch.randint(4, (n,))] + 0.15 * torch.randn(n, 2)


def mlp(inp, out):
    return nn.Sequential(nn.Linear(inp, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2), nn.Linear(48, out))


def penalty(critic, real, fake):
    mix = torch.rand(len(real), 1)
    point = (mix * real + (1 - mix) * fake).requires_grad_(True)
    (grad,) = torch.autograd.grad(critic(point).sum(), point, create_graph=True)
    return ((grad.norm(dim=1) - 1) ** 2).mean()


def main():
    torch.manual_seed(6)
    gen, critic = mlp(4, 2), mlp(2, 1)
    opt_g = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.0, 0.9))
    opt_c = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.0, 0.9))

    def fall(iteration):
        return 1 - max(0, iteration - ITERATIONS // 2) / (ITERATIONS // 2 + 1)

    schedulers = [LambdaLR(opt_g, fall), LambdaLR(opt_c, fall)]
    for iteration in range(ITERATIONS):
        for _ in range(CRITIC_STEPS):
            real, fake = mixture(BATCH), gen(torch.randn(BATCH, 4)).detach()
            loss_c = critic(fake).mean() - critic(real).mean() + 10 * penalty(critic, real, fake)
            opt_c.zero_grad()
            loss_c.backward()
            opt_c.step()
        loss_g = -critic(gen(torch.randn(BATCH, 4))).mean()
        opt_g.zero_grad()
        loss_g.backward()
        opt_g.step()
        for scheduler in schedulers:
            scheduler.step()
        if iteration % 30 == 0:
            print(f"it {iteration:3d} critic {loss_c.item():.3f} gen {loss_g.item():.3f} lr {opt_g.param_groups[0]['lr']:.1e}")


if __name__ == "__main__":
    main()
