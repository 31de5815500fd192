"""Graph-node classifier: two rounds of neighbour averaging and a dense layer."""
import torch
from torch import nn

import schedule


class GCN(nn.Module):
    def __init__(self, adj, width=32, classes=4):
        super().__init__()
        self.register_buffer("adj", adj)
        self.a, self.b = nn.Linear(12, width), nn.Linear(width, classes)

    def forward(self, x):
        return self.b(self.adj @ torch.relu(self.a(self.adj @ x)))


def community_graph(n=300, classes=4):
    y = torch.randint(classes, (n,))
    p = torch.where(y[:, None] == y[None], 0.06, 0.012)
    a = torch.triu((torch.rand(n, n) < p).float(), 1)
    a = a + a.T + torch.eye(n)
    x = torch.randn(classes, 12)[y] * 0.5 + torch.randn(n, 12)
    return a / a.sum(1, keepdim=True), x, y


def main(steps=400, lr=0.03, warmup_steps=40, gamma=0.985):
    torch.manual_seed(41)
    adj, x, y = community_graph()
    train = torch.arange(300) < 120
    model = GCN(adj)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, weight_decay=5e-4)
    scheduler = schedule.build(optimizer, warmup_steps, gamma)
    for step in range(steps):
        model.train()
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x)[train], y[train])
        loss.backward()
        optimizer.step()
        scheduler.step()
        if (step + 1) % 50 == 0:
            model.eval()
            with torch.no_grad():
                acc = (model(x)[~train].argmax(1) == y[~train]).float().mean()
            print(f"step {step + 1} loss {loss.item():.4f} test acc {acc:.3f} lr {scheduler.get_last_lr()[0]:.2e}")


if __name__ == "__main__":
    main()
