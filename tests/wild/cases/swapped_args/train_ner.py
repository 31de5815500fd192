"""Token tagger with the usual linear schedule."""
import argparse

import torch
from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset


def get_linear_schedule_with_warmup(optimizer, num_warmup_steps, num_training_steps, last_epoch=-1):
    def lr_lambda(current_step):
        if current_step < num_warmup_steps:
            return float(current_step) / float(max(1, num_warmup_steps))
        return max(0.0, float(num_training_steps - current_step) / float(max(1, num_training_steps - num_warmup_steps)))

    return LambdaLR(optimizer, lr_lambda, last_epoch)


class Tagger(nn.Module):
    def __init__(self, vocab=60, tags=4, width=24):
        super().__init__()
        self.emb = nn.Embedding(vocab, width)
        self.rnn = nn.LSTM(width, width, bidirectional=True, batch_first=True)
        self.cls = nn.Linear(2 * width, tags)

    def forward(self, ids):
        return self.cls(self.rnn(self.emb(ids))[0])


def corpus(n, length=12):
    ids = torch.randint(60, (n, length))
    tags = (ids % 4 + torch.roll(ids, 1, 1) % 2) % 4
    return TensorDataset(ids, tags)


def evaluate(model, loader):
    model.eval()
    with torch.no_grad():
        right = sum((model(i).argmax(-1) == t).sum().item() for i, t in loader)
    return right / sum(t.numel() for _, t in loader)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=6)
    p.add_argument("--lr", type=float, default=1e-2)
    p.add_argument("--warmup_proportion", type=float, default=0.1)
    args = p.parse_args()
    torch.manual_seed(90)
    train = DataLoader(corpus(640), batch_size=16, shuffle=True)
    dev = DataLoader(corpus(160), batch_size=80)
    model = Tagger()
    no_decay = [p for n, p in model.named_parameters() if "bias" in n]
    decay = [p for n, p in model.named_parameters() if "bias" not in n]
    optimizer = AdamW([{"params": decay, "weight_decay": 0.01}, {"params": no_decay, "weight_decay": 0.0}], lr=args.lr)
    total_steps = args.epochs * len(train)
    warmup_steps = int(args.warmup_proportion * total_steps)
    scheduler = get_linear_schedule_with_warmup(optimizer, total_steps, warmup_steps)
    for epoch in range(args.epochs):
        model.train()
        for ids, tags in train:
            loss = nn.functional.cross_entropy(model(ids).transpose(1, 2), tags)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            model.zero_grad()
        print(f"epoch {epoch + 1} loss {loss.item():.4f} dev acc {evaluate(model, dev):.3f}")


if __name__ == "__main__":
    main()
