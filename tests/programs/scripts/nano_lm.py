"""A character model in the manner of nanoGPT: cosine with warm-up set by hand."""

import math
import sys

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(1337)
learning_rate, min_lr = 6e-4, 6e-5
warmup_iters, lr_decay_iters, max_iters = 5, 40, 50
gradient_accumulation_steps = 2

text = "to be, or not to be, that is the question: " * 8
letters = sorted(set(text))
data = torch.tensor([letters.index(each) for each in text])


def get_lr(it):
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    if it > lr_decay_iters:
        return min_lr
    decay_ratio = (it - warmup_iters) / (lr_decay_iters - warmup_iters)
    coeff = 0.5 * (1.0 + math.cos(math.pi * decay_ratio))
    return min_lr + coeff * (learning_rate - min_lr)


def get_batch():
    starts = torch.randint(len(data) - 9, (8,))
    x = torch.stack([data[i : i + 8] for i in starts])
    y = torch.stack([data[i + 1 : i + 9] for i in starts])
    return x, y


class Model(nn.Module):
    def __init__(self, size, width):
        super().__init__()
        self.embedding = nn.Embedding(size, width)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, size, bias=False)
        self.embedding.weight = self.head.weight

    def forward(self, x, y):
        logits = self.head(self.norm(self.embedding(x).cumsum(dim=1)))
        return F.cross_entropy(logits.flatten(0, 1), y.flatten())

    def configure_optimizers(self, weight_decay):
        params = dict(self.named_parameters())
        decay = [each for each in params.values() if each.dim() >= 2]
        nodecay = [each for each in params.values() if each.dim() < 2]
        groups = [
            {"params": decay, "weight_decay": weight_decay},
            {"params": nodecay, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.95), fused=True)


model = Model(len(letters), 16)
optimizer = model.configure_optimizers(0.1)
for iter_num in range(max_iters):
    lr = get_lr(iter_num)
    for param_group in optimizer.param_groups:
        param_group["lr"] = lr
    for _ in range(gradient_accumulation_steps):
        x, y = get_batch()
        loss = model(x, y) / gradient_accumulation_steps
        loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    if iter_num % 10 == 0:
        print(f"iter {iter_num}: loss {loss.item() * gradient_accumulation_steps:.4f}, lr {lr:e}")

torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, sys.argv[1])
