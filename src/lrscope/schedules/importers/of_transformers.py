"""LambdaLR with the functions of transformers.optimization.

Every name of ``transformers.get_scheduler`` makes a LambdaLR of a partial of one of
them, save the two that are driven by a metric. Older releases used functions inside
functions; what those hold is known of a live object, not from a recording.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lrscope.schedules.importers import transformers_factors as factors
from lrscope.schedules.importers.description import Description, Refused
from lrscope.schedules.importers.of_torch_cycles import setting

if TYPE_CHECKING:
    from lrscope.schedules.importers.leaf import Leaf

Bases = tuple[float, ...]


def lambda_lr(found: Description, bases: Bases) -> Leaf:
    """LambdaLR: a factor for each group, if every function is a known one."""
    functions = _functions(found, len(bases))
    known = [_known(each, base) for each, base in zip(functions, bases)]
    _, horizon, name, quirks = known[0]
    return setting(
        tuple(each[0] for each in known),
        bases,
        horizon=horizon,
        horizon_name=name,
        quirks=quirks,
    )


def _functions(found: Description, groups: int) -> list[Any]:
    functions = found.get("lr_lambdas", found.get("lr_lambda"))
    if not isinstance(functions, (list, tuple)):
        functions = [functions] * groups
    if len(functions) != groups:
        msg = f"LambdaLR: {len(functions)} functions for {groups} groups"
        raise Refused(msg)
    return list(functions)


def _known(function: Any, base: float) -> factors.Found:
    told = function if isinstance(function, Mapping) else {}
    name = str(told.get("callable", told.get("type", "a function")))
    understands = KNOWN.get(_plain_name(name))
    if understands is None or not name.startswith("transformers.optimization."):
        where = told.get("where") or ()
        place = f" ({':'.join(map(str, where))})" if where else ""
        msg = f"LambdaLR: {name}{place} is a function of its user: it cannot be read"
        raise Refused(msg)
    call = Description(
        class_name=name.removeprefix("transformers.optimization."),
        module="transformers.optimization",
        arguments=told.get("arguments", {}),
        attributes={},
        children=(),
        rates=(base,),
    )
    return understands(call)


def _plain_name(name: str) -> str:
    """Return what older and newer names of a function have in common."""
    last = name.removeprefix("transformers.optimization.")
    last = last.removesuffix(".<locals>.lr_lambda").lstrip("_")
    return re.sub("_(lr_)?lambda$", "", last)


KNOWN: dict[str, Callable[[Description], factors.Found]] = {
    "get_constant": factors.constant_factor,
    "get_constant_schedule": factors.constant_factor,
    "get_constant_schedule_with_warmup": factors.constant_with_warmup_factor,
    "get_linear_schedule_with_warmup": factors.linear_factor,
    "get_cosine_schedule_with_warmup": factors.cosine_factor,
    "get_cosine_with_min_lr_schedule_with_warmup": factors.cosine_factor,
    "get_cosine_with_hard_restarts_schedule_with_warmup": factors.restarts_factor,
    "get_polynomial_decay_schedule_with_warmup": factors.polynomial_factor,
    "get_inverse_sqrt_schedule": factors.inverse_sqrt_factor,
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate": factors.cosine_early_factor,
    "get_wsd_schedule": factors.stable_decay_factor,
    "get_wsd_scheduler": factors.stable_decay_factor,
}
"""What understands a function, by its name without what says that it is one."""
