"""k steps forward, one step back."""
import torch


class Lookahead(torch.optim.Optimizer):
    def __init__(self, base, k=5, alpha=0.5):
        self.base, self.k, self.alpha = base, k, alpha
        self.param_groups, self.defaults, self.state = base.param_groups, base.defaults, base.state
        self.slow = [[p.detach().clone() for p in g["params"]] for g in base.param_groups]
        self.count = 0

    def zero_grad(self, set_to_none=True):
        self.base.zero_grad(set_to_none)

    def step(self, closure=None):
        loss = self.base.step(closure)
        self.count += 1
        if self.count % self.k == 0:
            with torch.no_grad():
                for group, slow in zip(self.base.param_groups, self.slow):
                    for p, q in zip(group["params"], slow):
                        q.add_(p - q, alpha=self.alpha)
                        p.copy_(q)
        return loss

    def state_dict(self):
        return {"base": self.base.state_dict(), "slow": self.slow, "count": self.count}

    def load_state_dict(self, state):
        self.base.load_state_dict(state["base"])
        self.slow, self.count = state["slow"], state["count"]
