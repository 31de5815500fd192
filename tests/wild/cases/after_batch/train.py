"""Fine-tunes a pretrained encoder on a small task."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from hooks import LearningRateHook


def make_task(n, rule, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 20, generator=g)
    return TensorDataset(x, rule(x).long())


def fit(model, data, lr, epochs, hook_args=None):
    loader = DataLoader(data, batch_size=32, shuffle=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    hook = LearningRateHook(optimizer, total=epochs * len(loader), **hook_args)
    for epoch in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            hook.after_batch()
            total += loss.item()
        print(f"epoch {epoch} loss {total / len(loader):.4f} lr {optimizer.param_groups[0]['lr']:.4f}")


def main():
    torch.manual_seed(82)
    encoder = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
    model = nn.Sequential(encoder, nn.Linear(64, 2))
    fit(model, make_task(640, lambda x: x[:, 0] + x[:, 1] > x[:, 2], 1), 0.5, 12, {"warmup": 60})
    with torch.no_grad():
        test = make_task(300, lambda x: x[:, 0] + x[:, 1] > x[:, 2], 2).tensors
        print("test acc", (model(test[0]).argmax(1) == test[1]).float().mean().item())


if __name__ == "__main__":
    main()
