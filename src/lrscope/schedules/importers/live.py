"""Live schedulers, described by reading what they hold. Nothing is imported."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from lrscope.attributes import attributes_of
from lrscope.schedules.importers.description import Description, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARTS = "_schedulers"
NOISE = "noise at each step of noise_range_t"
"""What timm's live schedulers are asked for: no attribute has such a name."""
_MOST_NOISE = 10**5


def described_live(scheduler: Any) -> Description:
    """Return the description of a scheduler of torch, transformers or timm.

    Raises:
        Refused: If it holds nothing, as no scheduler does.
    """
    try:
        attributes = dict(attributes_of(scheduler))
    except TypeError:
        kind = type(scheduler)
        msg = f"a scheduler is needed, got a value of {kind.__module__}.{kind.__name__}"
        raise Refused(msg) from None
    attributes.pop("optimizer", None)
    children = attributes.pop(_PARTS, ())
    if "lr_lambdas" in attributes:
        attributes["lr_lambdas"] = [_function(f) for f in attributes["lr_lambdas"]]
    if "_milestones" in attributes:
        attributes["_clocks"] = [
            None if hasattr(each, _PARTS) else getattr(each, "last_epoch", None)
            for each in children
        ]
    noise = _noise(scheduler)
    if noise is not None:
        attributes[NOISE] = noise
    groups = _groups(scheduler)
    return Description(
        class_name=type(scheduler).__name__,
        module=type(scheduler).__module__,
        arguments={},
        attributes=attributes,
        children=tuple(described_live(each) for each in children),
        rates=tuple(each.get("lr") for each in groups),
        groups=groups,
    )


def _groups(scheduler: Any) -> tuple[Mapping[str, Any], ...]:
    found = getattr(getattr(scheduler, "optimizer", None), "param_groups", ())
    return tuple({k: v for k, v in each.items() if k != "params"} for each in found)


def _function(function: Any) -> dict[str, Any]:
    """Return name, place and known arguments of a function."""
    if isinstance(function, functools.partial):
        found = _function(function.func)
        given = {str(i): each for i, each in enumerate(function.args)}
        found["arguments"] = {**given, **function.keywords}
        return found
    code = getattr(function, "__code__", None)
    if code is None:
        kind = type(function)
        return {"type": f"{kind.__module__}.{kind.__qualname__}"}
    name = f"{function.__module__}.{function.__qualname__}"
    found = {"callable": name, "where": [code.co_filename, code.co_firstlineno]}
    if function.__closure__:
        cells = (_content(each) for each in function.__closure__)
        found["arguments"] = dict(zip(code.co_freevars, cells))
    return found


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _noise(scheduler: Any) -> list[float] | None:
    """Return timm's noise at every step of its range; none before the first step."""
    between = getattr(scheduler, "noise_range_t", None)
    ask = getattr(scheduler, "_calculate_noise", None)
    if not isinstance(between, (list, tuple)) or len(between) != 2 or ask is None:
        return None
    steps = range(int(between[0]), int(between[1]))
    if not 0 < len(steps) <= _MOST_NOISE:
        return None
    return [float(ask(step)) if step else 0.0 for step in steps]
