"""Two workers; rank 0 watches the validation loss and lowers the rate by hand."""
import torch
import torch.distributed as dist
from sklearn.datasets import make_friedman3
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset


def problem():
    x, y = make_friedman3(900, noise=0.1, random_state=3)
    x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)[:, None]
    x = (x - x.mean(0)) / x.std(0)
    return TensorDataset(x[:640], y[:640]), (x[640:], y[640:])


def main():
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    torch.manual_seed(14)
    train, (vx, vy) = problem()
    sampler = DistributedSampler(train)
    loader = DataLoader(train, batch_size=20, sampler=sampler)
    net = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 1))
    model = DistributedDataParallel(net)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    best, bad = float("inf"), 0
    for epoch in range(18):
        sampler.set_epoch(epoch)
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        if rank == 0:
            with torch.no_grad():
                val = nn.functional.mse_loss(net(vx), vy).item()
            best, bad = (val, 0) if val < best - 1e-4 else (best, bad + 1)
            if bad >= 2:
                bad = 0
                for group in optimizer.param_groups:
                    group["lr"] *= 0.3
            print(f"epoch {epoch:2d} val {val:.5f} lr {optimizer.param_groups[0]['lr']:.4f}", flush=True)
        dist.barrier()
    dist.destroy_process_group()


main()
