import torch


class Callback:
    def on_batch_end(self, state):
        pass

    def on_epoch_end(self, state):
        pass


class SchedulerCallback(Callback):
    """Moves the schedule on after each batch."""

    def __init__(self, scheduler):
        self.scheduler = scheduler

    def on_batch_end(self, state):
        self.scheduler.step()


class LossMeter(Callback):
    def __init__(self):
        self.totals = {}

    def on_batch_end(self, state):
        total, count = self.totals.get(state["stage"], (0.0, 0))
        self.totals[state["stage"]] = (total + state["loss"], count + 1)

    def on_epoch_end(self, state):
        parts = [f"{stage} {total / count:.4f}" for stage, (total, count) in self.totals.items()]
        print(f"epoch {state['epoch']:2d}  " + "  ".join(parts))
        self.totals = {}


class BestWeights(Callback):
    def __init__(self, model):
        self.model, self.best = model, float("inf")

    def on_epoch_end(self, state):
        if state["val_loss"] < self.best:
            self.best = state["val_loss"]
            torch.save(self.model.state_dict(), "best.pt")
