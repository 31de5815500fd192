"""Load forecasting from sliding windows."""
import math

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset


class Windows(Dataset):
    """Every `stride`-th window of `size` values and the value after it."""

    def __init__(self, series, size=24, stride=3):
        self.series, self.size, self.stride = series, size, stride

    def __len__(self):
        return (len(self.series) - self.size - 1) // self.stride + 1

    def __getitem__(self, i):
        start = i * self.stride
        return self.series[start:start + self.size], self.series[start + self.size]


class Forecaster(nn.Module):
    def __init__(self, hidden=20):
        super().__init__()
        self.rnn = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.out(self.rnn(x[..., None])[0][:, -1])[:, 0]


def cosine_to_zero(optimizer, total):
    return LambdaLR(optimizer, lambda s: 0.5 * (1 + math.cos(math.pi * min(s, total) / total)))


def main(epochs=12, batch_size=32, lr=8e-3):
    torch.manual_seed(17)
    t = torch.arange(2400.0)
    load = torch.sin(t * 2 * math.pi / 24) + 0.5 * torch.sin(t * 2 * math.pi / 168) + 0.2 * torch.randn(2400)
    train, test = Windows(load[:1900]), Windows(load[1900:], stride=1)
    loader = DataLoader(train, batch_size=batch_size, shuffle=True)
    model = Forecaster()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    steps_per_epoch = math.ceil(len(train.series) / batch_size)
    scheduler = cosine_to_zero(optimizer, epochs * steps_per_epoch)
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for x, y in loader:
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            total += loss.item()
        model.eval()
        with torch.no_grad():
            x, y = zip(*(test[i] for i in range(len(test))))
            mse = nn.functional.mse_loss(model(torch.stack(x)), torch.stack(y)).item()
        print(f"epoch {epoch + 1:2d} train {total / len(loader):.4f} test {mse:.4f}")


if __name__ == "__main__":
    main()
