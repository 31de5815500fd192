from dataclasses import dataclass


@dataclass
class SchedulerConfig:
    name: str = "cosine"
    max_steps: int = 1000
    min_lr: float = 1e-6


@dataclass
class TrainConfig:
    epochs: int = 8
    batch_size: int = 32
    lr: float = 2e-3
    weight_decay: float = 0.02
