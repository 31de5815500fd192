"""A small transformer on sequences of digits, a rate by hand."""
import math

import torch
from torch import nn

# -- config --------------------------------------------------------------
learning_rate, min_lr = 1e-2, 1e-3
warmup_iters, lr_decay_iters, max_iters = 2000, 20000, 260
batch_size, block = 16, 10
# ------------------------------------------------------------------------
torch.manual_seed(1337)
data = torch.cumsum(torch.randint(0, 3, (4000,)), 0) % 11


def get_batch():
    ix = torch.randint(len(data) - block - 1, (batch_size,))
    return torch.stack([data[i:i + block] for i in ix]), torch.stack([data[i + 1:i + 1 + block] for i in ix])


def get_lr(it):
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    if it > lr_decay_iters:
        return min_lr
    ratio = (it - warmup_iters) / (lr_decay_iters - warmup_iters)
    return min_lr + 0.5 * (1 + math.cos(math.pi * ratio)) * (learning_rate - min_lr)


class Net(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.tok, self.pos = nn.Embedding(11, d), nn.Parameter(torch.zeros(block, d))
        self.layer = nn.TransformerEncoderLayer(d, 2, 64, dropout=0.0, batch_first=True)
        self.head = nn.Linear(d, 11)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(block))

    def forward(self, x):
        return self.head(self.layer(self.tok(x) + self.pos, src_mask=self.mask))


model = Net()
decay = [p for p in model.parameters() if p.dim() >= 2]
other = [p for p in model.parameters() if p.dim() < 2]
optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.1}, {"params": other, "weight_decay": 0.0}], lr=learning_rate)
for iter_num in range(max_iters):
    lr = get_lr(iter_num)
    for group in optimizer.param_groups:
        group["lr"] = lr
    x, y = get_batch()
    loss = nn.functional.cross_entropy(model(x).view(-1, 11), y.view(-1))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if iter_num % 50 == 0:
        print(f"iter {iter_num}: loss {loss.item():.4f}")
