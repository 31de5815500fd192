"""Half-precision fine-tuning with a penalty on the distance to the pretrained weights."""
import copy

import torch
from torch import nn
from torch.amp import GradScaler, autocast
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset


class Pretrained(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(20, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU())
        self.head = nn.Linear(40, 3)

    def forward(self, x):
        return self.head(self.body(x))


def distance(model, anchor):
    """Norm of the change against the pretrained weights."""
    total = torch.zeros(())
    for p, q in zip(model.body.parameters(), anchor.body.parameters()):
        total = total + (p - q).square().sum()
    return total.sqrt()


def main():
    torch.manual_seed(31)
    x = torch.randn(900, 20)
    y = (x[:, :4].sum(1) > 0.5).long() + (x[:, 4] > 0).long()
    loader = DataLoader(TensorDataset(x, y), batch_size=45, shuffle=True)
    model = Pretrained()
    anchor = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    epochs = 10
    scheduler = CosineAnnealingLR(optimizer, T_max=epochs * len(loader))
    scaler = GradScaler("cpu", init_scale=2.0**12)
    for epoch in range(epochs):
        running = hits = 0.0
        for xb, yb in loader:
            with autocast("cpu", dtype=torch.float16):
                logits = model(xb)
            loss = nn.functional.cross_entropy(logits.float(), yb) + 0.01 * distance(model, anchor)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            scheduler.step()
            running += loss.item()
            hits += (logits.argmax(1) == yb).sum().item()
        print(f"epoch {epoch} loss {running / len(loader):.4f} acc {hits / len(x):.3f} lr {scheduler.get_last_lr()[0]:.2e}")
    torch.save(model.state_dict(), "finetuned.pt")


if __name__ == "__main__":
    main()
