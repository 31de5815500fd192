"""Two-moons classifier on two processes; rank 0 evaluates and keeps the best weights."""
import argparse

import torch
import torch.distributed as dist
from sklearn.datasets import make_moons
from torch import nn
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset


def tensors(n, seed):
    x, y = make_moons(n, noise=0.2, random_state=seed)
    return TensorDataset(torch.tensor(x, dtype=torch.float32), torch.tensor(y))


def get_loader(dataset, batch_size, sampler=None):
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler, shuffle=sampler is None)


@torch.no_grad()
def accuracy(model, loader):
    model.eval()
    hits = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    model.train()
    return hits / len(loader.dataset)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=20)
    parser.add_argument("--lr", type=float, default=0.2)
    args = parser.parse_args()

    dist.init_process_group("gloo")
    rank = dist.get_rank()
    torch.manual_seed(0)
    train_set = tensors(960, 1)
    train_loader = get_loader(train_set, args.batch_size)
    val_loader = get_loader(tensors(300, 2), 100)

    model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs * len(train_loader))

    # distributed set-up
    sampler = DistributedSampler(train_set, shuffle=True, seed=4)
    train_loader = get_loader(train_set, args.batch_size, sampler)
    ddp = DDP(model)
    best = 0.0
    for epoch in range(args.epochs):
        sampler.set_epoch(epoch)
        running = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(ddp(x), y)
            loss.backward()
            optimizer.step()
            scheduler.step()
            running += loss.item()
        if rank == 0:
            acc = accuracy(model, val_loader)
            if acc > best:
                best = acc
                torch.save(model.state_dict(), "best.pt")
            print(f"epoch {epoch + 1} loss {running / len(train_loader):.4f} acc {acc:.3f}", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
