"""A curve fitted by LBFGS with a closure, its rate halved when the loss stalls."""

import sys

import torch

torch.manual_seed(5)
x = torch.linspace(-1, 1, 40)
y = 2 * x**2 - x + 0.5 + 0.01 * torch.randn(40)
coefficients = torch.zeros(3, requires_grad=True)
optimizer = torch.optim.LBFGS([coefficients], lr=0.5, max_iter=3)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, threshold=1e-3)


def closure():
    optimizer.zero_grad()
    loss = ((coefficients[0] * x**2 + coefficients[1] * x + coefficients[2] - y) ** 2).mean()
    loss.backward()
    return loss


for step in range(20):
    loss = optimizer.step(closure)
    scheduler.step(loss)
    print(f"step {step} loss {loss.item():.6f}")

torch.save([coefficients, optimizer.state_dict(), scheduler.state_dict()], sys.argv[1])
