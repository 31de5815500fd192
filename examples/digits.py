"""Trains a small net to read handwritten digits. Nothing here knows of lrscope.

lrscope run python examples/digits.py && lrscope show
"""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

EPOCHS = 12

torch.set_num_threads(1)  # a net this small is quickest on one core
torch.manual_seed(0)
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
data = TensorDataset(images, torch.tensor(digits.target))
train_data, test_data = random_split(data, [0.8, 0.2])
loader = DataLoader(train_data, batch_size=32, shuffle=True)

backbone = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(16, 32, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
)
head = nn.Sequential(nn.Linear(32 * 4 * 4, 64), nn.ReLU(), nn.Linear(64, 10))
model = nn.Sequential(backbone, head)

optimizer = torch.optim.AdamW(
    [
        {"params": backbone.parameters(), "lr": 3e-4, "name": "backbone"},
        {"params": head.parameters(), "lr": 3e-3, "name": "head"},
    ],
    weight_decay=0.01,
)
scheduler = torch.optim.lr_scheduler.OneCycleLR(
    optimizer, max_lr=[3e-4, 3e-3], epochs=EPOCHS, steps_per_epoch=len(loader)
)
loss_of = nn.CrossEntropyLoss()


@torch.no_grad()
def accuracy() -> float:
    """Return the share of test digits that the model reads right."""
    inputs, targets = test_data[:]
    return (model(inputs).argmax(1) == targets).float().mean().item()


for epoch in range(1, EPOCHS + 1):
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss_of(model(inputs), targets).backward()
        optimizer.step()
        scheduler.step()
    print(f"epoch {epoch:2}  accuracy {accuracy():.1%}")
