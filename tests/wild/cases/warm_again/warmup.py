"""Gradual warmup in front of any scheduler."""


class GradualWarmup:
    def __init__(self, optimizer, steps, after):
        self.optimizer, self.steps, self.after = optimizer, steps, after
        self.targets = [g["initial_lr"] for g in optimizer.param_groups]
        self.count = 0
        self._ramp()

    def _ramp(self):
        for group, target in zip(self.optimizer.param_groups, self.targets):
            group["lr"] = target * (self.count + 1) / self.steps

    def step(self):
        self.count += 1
        if self.count < self.steps:
            self._ramp()
        else:
            self.after.step()

    def state_dict(self):
        return self.after.state_dict()

    def load_state_dict(self, state):
        self.after.load_state_dict(state)
