"""Learning-rate range test."""
import copy


class LRFinder:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn
        self.weights = copy.deepcopy(model.state_dict())
        self.history = []

    def run(self, loader, start=1e-5, end=10.0, steps=60):
        factor = (end / start) ** (1 / (steps - 1))
        lr, best, batches = start, float("inf"), iter(loader)
        for _ in range(steps):
            try:
                x, y = next(batches)
            except StopIteration:
                batches = iter(loader)
                x, y = next(batches)
            for group in self.optimizer.param_groups:
                group["lr"] = lr
            loss = self.loss_fn(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.history.append((lr, loss.item()))
            best = min(best, loss.item())
            if loss.item() > 10 * best:
                break
            lr *= factor
        self.model.load_state_dict(self.weights)

    def steepest(self):
        pairs = zip(self.history, self.history[1:])
        return min(pairs, key=lambda p: p[1][1] - p[0][1])[0][0]
