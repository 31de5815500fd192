"""As much of torch as a training needs, for Pythons that have none; and a training."""

from __future__ import annotations

STUB = {
    "__init__.py": """
        __version__ = "0"

        class Tensor:
            pass

        import torch.autograd, torch.optim
        """,
    "autograd.py": "def backward(*tensors): pass\n",
    "optim/__init__.py": """
        from torch.optim.optimizer import Optimizer, SGD
        from torch.optim import lr_scheduler
        """,
    "optim/optimizer.py": """
        import functools
        import weakref
        from collections import OrderedDict

        befores, afters = OrderedDict(), OrderedDict()

        class Handle:
            def __init__(self, hooks, hook):
                self.id, self.hooks_dict_ref = len(hooks), weakref.ref(hooks)
                hooks[self.id] = hook
            def remove(self):
                del self.hooks_dict_ref()[self.id]

        def register_optimizer_step_pre_hook(hook):
            return Handle(befores, hook)

        def register_optimizer_step_post_hook(hook):
            return Handle(afters, hook)

        class Parameter:
            grad, dtype, shape, requires_grad, is_cuda = 1.0, "float32", (1,), True, False
            def numel(self):
                return 1

        class Optimizer:
            def __init__(self, params, defaults):
                self._optimizer_step_pre_hooks = OrderedDict()
                self.param_groups = []
                for group in params:
                    self.add_param_group({**defaults, **group})
            def add_param_group(self, group):
                self.param_groups.append(group)
            def load_state_dict(self, state):
                pass
            def step(self):
                for hook in [*befores.values()]:
                    hook(self, (), {})
                for hook in [*afters.values()]:
                    hook(self, (), {})

        class SGD(Optimizer):
            def __init__(self, params, lr):
                super().__init__(params, {"lr": lr, "momentum": 0.9, "weight_decay": 0.0})
        """,
    "optim/lr_scheduler.py": """
        class LRScheduler:
            def __init__(self, optimizer, last_epoch=-1):
                self.optimizer = optimizer
                self._last_lr = [group["lr"] for group in optimizer.param_groups]
            def step(self, epoch=None):
                for group in self.optimizer.param_groups:
                    group["lr"] = group["lr"] * 0.99
                self._last_lr = [group["lr"] for group in self.optimizer.param_groups]
            def load_state_dict(self, state):
                pass

        class Falling(LRScheduler):
            pass
        """,
}

PROGRAM = """
import gc
import json
import sys

import torch
import lrscope
from lrscope import compiled
from lrscope.sites import UNSEEN

Parameter = torch.optim.optimizer.Parameter
python_calls = 0


def note(frame, event, _):
    global python_calls
    python_calls += event == "call" and frame.f_code.co_filename == UNSEEN


def train(steps):
    groups = [{"params": [Parameter()]} for _ in range(9)]
    optimizer = torch.optim.SGD(groups, lr=0.5)
    scheduler = torch.optim.lr_scheduler.Falling(optimizer)
    for index in range(steps):
        torch.autograd.backward()
        optimizer.step()
        scheduler.step()
        if index == 10:
            optimizer.param_groups[3]["weight_decay"] = 0.1
        if index % 50 == 20:
            optimizer.param_groups[8]["lr"] = 0.3
        if index > 100:
            optimizer.param_groups[1]["momentum"] = 0.9 / (index - 90)


with lrscope.record(sys.argv[1]):
    sys.setprofile(note)
    train(int(sys.argv[2]))
    sys.setprofile(None)
    calls = python_calls
    for _ in range(50):
        train(5)
    gc.collect()
before = sys.getallocatedblocks()
for number in range(20):
    with lrscope.record(sys.argv[1] + str(number)):
        train(20)
gc.collect()
grown = sys.getallocatedblocks() - before
native = getattr(compiled.native, "__file__", None)
print(json.dumps({"calls": calls, "native": native, "grown": grown}))
"""
