"""The usual transformers loop: linear schedule with warmup, first rate 0."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from transformers import get_linear_schedule_with_warmup


def main(num_train_epochs=8):
    torch.manual_seed(27)
    ids = torch.randint(40, (640, 8))
    labels = (ids.float().mean(1) > 19.5).long()
    loader = DataLoader(TensorDataset(ids, labels), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Embedding(40, 16), nn.Flatten(), nn.Linear(128, 32), nn.GELU(), nn.Linear(32, 2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    steps = num_train_epochs * len(loader)
    scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=steps // 10, num_training_steps=steps)
    for epoch in range(num_train_epochs):
        for xb, yb in loader:
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
        print(f"epoch {epoch} loss {loss.item():.4f} lr {scheduler.get_last_lr()[0]:.2e}")


if __name__ == "__main__":
    main()
