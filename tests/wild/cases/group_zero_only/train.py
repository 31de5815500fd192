"""Binary masks of blobs: small encoder-decoder, slower encoder, faster decoder, no decay on norms."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lr_policy import WarmupPoly


class EncDec(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, c, 3, stride=2, padding=1), nn.BatchNorm2d(c), nn.ReLU())
        self.decoder = nn.Sequential(nn.ConvTranspose2d(c, c, 2, stride=2), nn.ReLU(), nn.Conv2d(c, 1, 1))

    def forward(self, x):
        return self.decoder(self.encoder(x))


def blobs(n, size=16):
    g = torch.Generator().manual_seed(3)
    yy, xx = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    cy, cx, r = (torch.rand(n, 1, 1, generator=g) * s + o for s, o in ((8, 4), (8, 4), (3, 2)))
    mask = ((yy - cy) ** 2 + (xx - cx) ** 2 < r**2).float()[:, None]
    return TensorDataset(mask + 0.8 * torch.randn(n, 1, size, size, generator=g), mask)


def iou(model, images, masks):
    with torch.no_grad():
        pred = model(images) > 0
    return ((pred & masks.bool()).sum() / (pred | masks.bool()).sum()).item()


def main(epochs=10, batch=24):
    torch.manual_seed(11)
    train = DataLoader(blobs(480), batch_size=batch, shuffle=True)
    val_x, val_y = blobs(96).tensors
    model = EncDec()
    optimizer = torch.optim.SGD(
        [
            {"params": model.encoder.parameters(), "lr": 0.01},
            {"params": model.decoder.parameters(), "lr": 0.1},
        ],
        lr=0.01,
        momentum=0.9,
    )
    scheduler = WarmupPoly(optimizer, max_iters=epochs * len(train), warmup_iters=20)
    for epoch in range(epochs):
        model.train()
        for x, m in train:
            loss = nn.functional.binary_cross_entropy_with_logits(model(x), m)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
        model.eval()
        print(f"epoch {epoch} loss {loss.item():.4f} iou {iou(model, val_x, val_y):.3f} lr {optimizer.param_groups[0]['lr']:.5f}")


if __name__ == "__main__":
    main()
