"""Curve fit with L-BFGS: many loss evaluations in each step, rate lowered every ten steps."""
import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR


def main(steps=40):
    torch.manual_seed(18)
    t = torch.linspace(-2, 2, 200)[:, None]
    target = torch.sin(3 * t) * torch.exp(-t.square() / 3) + 0.02 * torch.randn_like(t)
    model = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1)).double()
    t, target = t.double(), target.double()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.8, max_iter=8, history_size=10)
    scheduler = StepLR(optimizer, step_size=10, gamma=0.6)
    evaluations = 0

    def closure():
        nonlocal evaluations
        evaluations += 1
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(t), target)
        loss.backward()
        return loss

    for step in range(steps):
        loss = optimizer.step(closure)
        scheduler.step()
        if step % 5 == 4:
            print(f"step {step + 1:2d} loss {loss.item():.3e} after {evaluations} evaluations")


if __name__ == "__main__":
    main()
