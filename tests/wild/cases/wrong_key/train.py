"""Fine-tunes a backbone gently and a new head fast."""
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

BASE = 1e-2


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(1, 10, 3), nn.ReLU(), nn.Conv2d(10, 16, 3, stride=2), nn.ReLU(), nn.Flatten())
        self.classifier = nn.Linear(64, 2)

    def forward(self, x):
        return self.classifier(self.backbone(x))


def fit(model, params, x, y, epochs, schedule=None):
    optimizer = torch.optim.Adam(params, lr=BASE)
    scheduler = StepLR(optimizer, *schedule) if schedule else None
    loader = DataLoader(TensorDataset(x, y), batch_size=60, shuffle=True)
    for epoch in range(epochs):
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
        if scheduler:
            scheduler.step()
        print(f"epoch {epoch} loss {loss.item():.4f}")


def main():
    torch.manual_seed(50)
    data = load_digits()
    x = torch.tensor(data.images / 16, dtype=torch.float32)[:, None]
    small, odd = torch.tensor(data.target < 5).long(), torch.tensor(data.target % 2)
    model = Model()
    print("pretraining: small or large")
    fit(model, model.parameters(), x[:1200], small[:1200], 4)
    model.classifier = nn.Linear(64, 2)
    print("fine-tuning: odd or even")
    groups = [
        {"params": model.backbone.parameters(), "learning_rate": BASE / 100},
        {"params": model.classifier.parameters(), "learning_rate": BASE},
    ]
    fit(model, groups, x[1200:1500], odd[1200:1500], 12, (4, 0.5))
    with torch.no_grad():
        print("odd/even acc", (model(x[1500:]).argmax(1) == odd[1500:]).float().mean().item())


if __name__ == "__main__":
    main()
