"""Star-galaxy separation, resumable."""
import argparse

import torch
from sklearn.datasets import make_classification
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, TensorDataset

import checkpoint


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=14)
    ap.add_argument("--max-epochs-now", type=int, default=14)
    ap.add_argument("--state", default="galaxy.pt")
    args = ap.parse_args()
    torch.manual_seed(39)
    x, y = make_classification(1200, 20, n_informative=10, n_classes=3, random_state=8)
    x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y)
    loader = DataLoader(TensorDataset(x[:900], y[:900]), batch_size=45, shuffle=True)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    scheduler = OneCycleLR(optimizer, max_lr=0.05, epochs=args.epochs, steps_per_epoch=len(loader), cycle_momentum=False)
    start = checkpoint.load_if_there(args.state, model=model, optimizer=optimizer, scheduler=scheduler)
    for epoch in range(start, min(args.epochs, start + args.max_epochs_now)):
        model.train()
        for xb, yb in loader:
            loss = nn.functional.cross_entropy(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
        model.eval()
        with torch.no_grad():
            acc = (model(x[900:]).argmax(1) == y[900:]).float().mean().item()
        print(f"epoch {epoch:2d} loss {loss.item():.4f} acc {acc:.3f} lr {scheduler.get_last_lr()[0]:.4f}")
        checkpoint.save(args.state, epoch + 1, model, optimizer, scheduler)


if __name__ == "__main__":
    main()
