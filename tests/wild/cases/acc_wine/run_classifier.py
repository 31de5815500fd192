"""Fine-tune a small classifier with Accelerate."""
import argparse

import torch
from accelerate import Accelerator
from sklearn.datasets import load_wine
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset


def linear_schedule_with_warmup(optimizer, num_warmup_steps, num_training_steps):
    def factor(step):
        if step < num_warmup_steps:
            return (step + 1) / (num_warmup_steps + 1)
        return max(0.0, (num_training_steps - step) / max(1, num_training_steps - num_warmup_steps))

    return LambdaLR(optimizer, factor)


def wine():
    bunch = load_wine()
    x = torch.tensor(bunch.data, dtype=torch.float32)
    x = (x - x.mean(0)) / x.std(0)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    x, y = x[order], torch.tensor(bunch.target)[order]
    x = torch.cat([x + 0.5 * torch.randn(x.shape, generator=torch.Generator().manual_seed(k)) for k in range(5)])
    y = y.repeat(5)
    return TensorDataset(x[:800], y[:800]), TensorDataset(x[800:], y[800:])


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--num_train_epochs", type=int, default=8)
    ap.add_argument("--per_device_train_batch_size", type=int, default=16)
    ap.add_argument("--learning_rate", type=float, default=5e-3)
    args = ap.parse_args()
    accelerator = Accelerator(cpu=True)
    torch.manual_seed(3)
    train, test = wine()
    train_dl = DataLoader(train, batch_size=args.per_device_train_batch_size, shuffle=True)
    test_dl = DataLoader(test, batch_size=45)
    model = nn.Sequential(nn.Linear(13, 32), nn.GELU(), nn.Linear(32, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.learning_rate)
    model, optimizer, train_dl, test_dl = accelerator.prepare(model, optimizer, train_dl, test_dl)

    max_train_steps = args.num_train_epochs * len(train_dl)
    lr_scheduler = linear_schedule_with_warmup(optimizer.optimizer, 10, max_train_steps)
    lr_scheduler = accelerator.prepare(lr_scheduler)

    for epoch in range(args.num_train_epochs):
        model.train()
        total = 0.0
        for x, y in train_dl:
            loss = nn.functional.cross_entropy(model(x), y)
            accelerator.backward(loss)
            optimizer.step()
            lr_scheduler.step()
            optimizer.zero_grad()
            total += loss.item()
        model.eval()
        hits = []
        with torch.no_grad():
            for x, y in test_dl:
                hits.append(accelerator.gather_for_metrics((model(x).argmax(1) == y).float()))
        accelerator.print(f"epoch {epoch}: loss {total / len(train_dl):.4f} acc {torch.cat(hits).mean():.3f}")
    accelerator.wait_for_everyone()


if __name__ == "__main__":
    main()
