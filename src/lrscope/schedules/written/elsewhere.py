"""Elsewhere: what other libraries call the schedules that lrscope has."""

ELSEWHERE = {
    "ConstantLR": "constant",
    "CosineAnnealingLR": "cosine",
    "CosineAnnealingWarmRestarts": "cosine_restarts",
    "CyclicLR": "cyclic",
    "ExponentialLR": "exponential",
    "LambdaLR": "function",
    "LinearLR": "linear",
    "MultiplicativeLR": "multiplicative",
    "MultiStepLR": "multistep",
    "OneCycleLR": "one_cycle",
    "PolynomialLR": "polynomial",
    "StepLR": "step_decay",
    "cosine_annealing": "cosine",
    "exp": "exponential",
    "poly": "polynomial",
    "step": "step_decay",
    "wsd": "warmup_stable_decay",
}
"""What is meant by a name that is none of ours."""
