"""Small language model: Muon for the matrices, AdamW for embeddings and vectors."""
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from muon import Muon

STEPS, CONTEXT = 240, 12


class LM(nn.Module):
    def __init__(self, vocab, width=32):
        super().__init__()
        self.emb = nn.Embedding(vocab, width)
        self.q, self.v, self.up, self.down = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.n1, self.n2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.head = nn.Linear(width, vocab)

    def forward(self, x):
        h = self.emb(x)
        n = self.n1(h)
        att = self.q(n) @ n.transpose(1, 2) / 32**0.5
        att = att.masked_fill(torch.triu(torch.ones(x.shape[1], x.shape[1], dtype=torch.bool), 1), -1e9)
        h = h + att.softmax(-1) @ self.v(n)
        return self.head(h + self.down(torch.relu(self.up(self.n2(h)))))


def corpus():
    text = "she sells sea shells by the sea shore and the shells she sells are sea shells " * 30
    chars = sorted(set(text))
    return torch.tensor([chars.index(c) for c in text]), len(chars)


def stable_then_linear(step, cooldown=0.6):
    done = step / STEPS
    return 1.0 if done < 1 - cooldown else (1 - done) / cooldown


def main():
    torch.manual_seed(1337)
    data, vocab = corpus()
    model = LM(vocab)
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and n.split(".")[0] not in ("emb", "head")]
    others = [p for p in model.parameters() if all(p is not m for m in matrices)]
    muon = Muon(matrices, lr=0.02)
    adamw = torch.optim.AdamW(others, lr=6e-3, betas=(0.9, 0.95), weight_decay=0.01)
    optimizers = [muon, adamw]
    schedulers = [LambdaLR(muon, stable_then_linear)]
    for step in range(STEPS):
        ix = torch.randint(len(data) - CONTEXT - 1, (16,)).tolist()
        x = torch.stack([data[i:i + CONTEXT] for i in ix])
        y = torch.stack([data[i + 1:i + 1 + CONTEXT] for i in ix])
        loss = nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
        model.zero_grad(set_to_none=True)
        if step % 40 == 0:
            print(f"step {step} loss {loss.item():.4f} lr {schedulers[0].get_last_lr()[0]:.2e}")


if __name__ == "__main__":
    main()
