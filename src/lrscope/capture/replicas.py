"""Replicas: a model was given to torch's DistributedDataParallel or FSDP."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Callable

from lrscope.sites import caller

if TYPE_CHECKING:
    from types import ModuleType

    from lrscope.capture.journal import Journal
    from lrscope.capture.patches import Patches

WRAPPERS = ("DistributedDataParallel", "FullyShardedDataParallel")


def watch_replicas(
    patches: Patches,
    module: ModuleType,
    journal: Journal,
    fail: Callable[[Exception], None],
) -> None:
    """Note each model whose gradients torch averages over the ranks."""

    def init(original: Callable[..., Any]) -> Callable[..., Any]:
        def __init__(model: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(model, *args, **kwargs)
            try:
                name = type(model).__name__
                where = caller(sys._getframe(1))
                journal.event("model_shared", wrapper=name, where=where)
            except Exception as error:  # noqa: BLE001 - the training must go on
                fail(error)

        return __init__

    for name in WRAPPERS:
        if hasattr(module, name):
            patches.wrap(getattr(module, name), "__init__", init)
