"""Word-order detector with warmup and cosine decay."""
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
from torch.utils.data import DataLoader, TensorDataset

from trainer import Trainer


class OrderNet(nn.Module):
    def __init__(self, vocab=30, width=24, lr=5e-3):
        super().__init__()
        self.lr = lr
        self.emb = nn.Embedding(vocab, width)
        self.rnn = nn.GRU(width, width, batch_first=True)
        self.out = nn.Linear(width, 1)

    def forward(self, ids):
        return self.out(self.rnn(self.emb(ids))[0][:, -1])[:, 0]

    def training_step(self, batch):
        ids, label = batch
        return nn.functional.binary_cross_entropy_with_logits(self(ids), label)

    def validation_step(self, batch):
        ids, label = batch
        return ((self(ids) > 0) == label.bool()).float().mean().item()

    def configure(self, steps):
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.lr)
        warmup = steps // 10
        ramp = LinearLR(optimizer, 0.01, total_iters=warmup)
        fall = CosineAnnealingLR(optimizer, steps - warmup)
        return optimizer, SequentialLR(optimizer, [ramp, fall], [warmup])


def sentences(n, length=9):
    ids = torch.randint(30, (n, length))
    return ids, (ids[:, 0] < ids[:, -1]).float()


if __name__ == "__main__":
    torch.manual_seed(71)
    ids, label = sentences(1000)
    loader = DataLoader(TensorDataset(ids[:800], label[:800]), batch_size=32, shuffle=True)
    Trainer(max_epochs=10).fit(OrderNet(), loader, (ids[800:], label[800:]))
