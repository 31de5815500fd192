"""The classes and functions whose behaviour is known: their names and arguments."""

from __future__ import annotations

import re
import sys

STEP = ("StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR", "PolynomialLR")
RAMPS = ("LinearLR", "ConstantLR")
CLOSED_FORM = ("LambdaLR", "OneCycleLR", "CyclicLR", "CosineAnnealingWarmRestarts")
"""They write what follows from the step alone, whatever the rate is now."""
COMPOSITES = ("SequentialLR", "ChainedScheduler")
CHAINABLE = (*STEP, *RAMPS, "MultiplicativeLR")
"""They change the rate that they find."""

SCHEDULER_PARAMETERS: dict[str, tuple[str, ...]] = {
    "StepLR": ("optimizer", "step_size", "gamma", "last_epoch"),
    "MultiStepLR": ("optimizer", "milestones", "gamma", "last_epoch"),
    "ExponentialLR": ("optimizer", "gamma", "last_epoch"),
    "CosineAnnealingLR": ("optimizer", "T_max", "eta_min", "last_epoch"),
    "PolynomialLR": ("optimizer", "total_iters", "power", "last_epoch"),
    "LinearLR": (
        "optimizer",
        "start_factor",
        "end_factor",
        "total_iters",
        "last_epoch",
    ),
    "ConstantLR": ("optimizer", "factor", "total_iters", "last_epoch"),
    "LambdaLR": ("optimizer", "lr_lambda", "last_epoch"),
    "MultiplicativeLR": ("optimizer", "lr_lambda", "last_epoch"),
    "OneCycleLR": ("optimizer", "max_lr", "total_steps"),
    "CyclicLR": ("optimizer", "base_lr", "max_lr"),
    "CosineAnnealingWarmRestarts": ("optimizer", "T_0", "T_mult", "eta_min"),
    "SequentialLR": ("optimizer", "schedulers", "milestones", "last_epoch"),
    "ChainedScheduler": ("schedulers", "optimizer"),
    "ReduceLROnPlateau": ("optimizer", "mode", "factor", "patience"),
}
"""torch's schedulers and their parameters in order, as far as rules ask for them."""

_WARM = ("optimizer", "num_warmup_steps", "num_training_steps")
WARMUP_FUNCTIONS: dict[str, tuple[str, ...]] = {
    "get_linear_schedule_with_warmup": _WARM,
    "get_cosine_schedule_with_warmup": _WARM,
    "get_cosine_with_hard_restarts_schedule_with_warmup": _WARM,
    "get_polynomial_decay_schedule_with_warmup": _WARM,
    "get_cosine_with_min_lr_schedule_with_warmup": _WARM,
}
"""Functions of transformers and diffusers that return a LambdaLR."""

OPTIMIZERS = frozenset(
    [
        "ASGD",
        "Adadelta",
        "Adafactor",
        "Adagrad",
        "Adam",
        "AdamW",
        "Adamax",
        "LBFGS",
        "Muon",
        "NAdam",
        "RAdam",
        "RMSprop",
        "Rprop",
        "SGD",
        "SparseAdam",
    ]
)
"""torch's optimizers; all take (params, lr, …)."""

PARAMETERS = {
    **SCHEDULER_PARAMETERS,
    **WARMUP_FUNCTIONS,
    **dict.fromkeys(OPTIMIZERS, ("params", "lr")),
}

_OWN = {"Adafactor", "AdamW"}
EXPORTED = {
    "torch.optim": OPTIMIZERS,
    "torch.optim.lr_scheduler": frozenset(SCHEDULER_PARAMETERS),
    "transformers": frozenset({*WARMUP_FUNCTIONS, *_OWN}),
    "transformers.optimization": frozenset({*WARMUP_FUNCTIONS, *_OWN}),
}
"""What ``from … import *`` binds, as far as rules ask for it."""
HARMLESS = frozenset({"torch", "numpy", *sys.stdlib_module_names})
"""Packages whose other modules bind none of these names."""

_TORCH = re.compile(r"torch\.optim\.lr_scheduler\.(\w+)")
_OPTIMIZER = re.compile(r"torch\.optim(?:\.[a-z]\w*)?\.([A-Z]\w*)")
_WARMUP = re.compile(r"(?:transformers|diffusers)(?:\.optimization)?\.(\w+)")


def scheduler_called(dotted: str) -> str | None:
    """Return the name of the scheduler that a dotted name makes."""
    found = _TORCH.fullmatch(dotted)
    if found and found[1] in SCHEDULER_PARAMETERS:
        return found[1]
    found = _WARMUP.fullmatch(dotted)
    return found[1] if found and found[1] in WARMUP_FUNCTIONS else None


def optimizer_called(dotted: str) -> str | None:
    """Return the name of torch's optimizer that a dotted name makes."""
    found = _OPTIMIZER.fullmatch(dotted)
    return found[1] if found and found[1] in OPTIMIZERS else None
