"""Small GPT with micro-steps and a rate that is a pure function of the iteration; resumable."""
import argparse
import math
import os

import torch
from torch import nn

learning_rate, min_lr = 4e-3, 4e-4
warmup_iters, lr_decay_iters, max_iters = 15, 150, 150
gradient_accumulation_steps, batch_size, block_size = 2, 8, 12


class GPT(nn.Module):
    def __init__(self, vocab, n_embd=32):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab, n_embd), nn.Embedding(block_size, n_embd)
        self.h = nn.TransformerEncoderLayer(n_embd, 4, 64, dropout=0.0, batch_first=True, norm_first=True)
        self.lm_head = nn.Linear(n_embd, vocab, bias=False)

    def forward(self, idx, targets):
        mask = torch.triu(torch.full((block_size, block_size), float("-inf")), 1)
        x = self.h(self.wte(idx) + self.wpe(torch.arange(block_size)), src_mask=mask)
        return nn.functional.cross_entropy(self.lm_head(x).flatten(0, 1), targets.flatten())


def get_lr(it):
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    ratio = min(1.0, (it - warmup_iters) / (lr_decay_iters - warmup_iters))
    return min_lr + 0.5 * (1.0 + math.cos(math.pi * ratio)) * (learning_rate - min_lr)


p = argparse.ArgumentParser()
p.add_argument("--init_from", choices=["scratch", "resume"], default="scratch")
p.add_argument("--stop_at", type=int, default=max_iters)
args = p.parse_args()

text = "peter piper picked a peck of pickled peppers a peck of pickled peppers peter piper picked " * 20
chars = sorted(set(text))
data = torch.tensor([chars.index(c) for c in text])
torch.manual_seed(1337)
model = GPT(len(chars))
optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.95))
iter_num = 0
if args.init_from == "resume" and os.path.exists("ckpt.pt"):
    checkpoint = torch.load("ckpt.pt")
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    iter_num = checkpoint["iter_num"]
    torch.manual_seed(1337 + iter_num)

while iter_num < args.stop_at:
    lr = get_lr(iter_num)
    for param_group in optimizer.param_groups:
        param_group["lr"] = lr
    for _ in range(gradient_accumulation_steps):
        ix = torch.randint(len(data) - block_size - 1, (batch_size,)).tolist()
        x = torch.stack([data[i:i + block_size] for i in ix])
        y = torch.stack([data[i + 1:i + 1 + block_size] for i in ix])
        loss = model(x, y) / gradient_accumulation_steps
        loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    if iter_num % 25 == 0:
        print(f"iter {iter_num}: loss {loss.item() * gradient_accumulation_steps:.4f}, lr {lr:.2e}")
    iter_num += 1
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "iter_num": iter_num}, "ckpt.pt")
