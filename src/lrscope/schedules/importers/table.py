"""Which schedulers are known, and who understands them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from lrscope.errors import ScheduleError
from lrscope.schedules.importers import (
    of_chain,
    of_ours,
    of_sequence,
    of_timm,
    of_torch,
    of_torch_cycles,
    of_transformers,
    reasons,
)
from lrscope.schedules.importers.begun import begun
from lrscope.schedules.importers.description import (
    Description,
    Refused,
    described,
)
from lrscope.schedules.importers.imported import Imported, NotImported, Quirk
from lrscope.schedules.importers.leaf import Leaf, quirk
from lrscope.schedules.importers.live import described_live

Understands = Callable[[Description, tuple[float, ...]], Leaf]

_TORCH = "torch.optim.lr_scheduler"
_TIMM = "timm.scheduler"

TABLE: tuple[tuple[str, str, Understands], ...] = (
    (_TORCH, "StepLR", of_torch.step_lr),
    (_TORCH, "MultiStepLR", of_torch.multi_step_lr),
    (_TORCH, "ConstantLR", of_torch.constant_lr),
    (_TORCH, "LinearLR", of_torch.linear_lr),
    (_TORCH, "ExponentialLR", of_torch.exponential_lr),
    (_TORCH, "PolynomialLR", of_torch.polynomial_lr),
    (_TORCH, "CosineAnnealingLR", of_torch.cosine_annealing_lr),
    (
        _TORCH,
        "CosineAnnealingWarmRestarts",
        of_torch_cycles.cosine_annealing_warm_restarts,
    ),
    (_TORCH, "OneCycleLR", of_torch_cycles.one_cycle_lr),
    (_TORCH, "CyclicLR", of_torch_cycles.cyclic_lr),
    ("torch.optim.swa_utils", "SWALR", of_torch_cycles.swa_lr),
    (_TORCH, "SequentialLR", of_sequence.sequential_lr),
    (_TORCH, "ChainedScheduler", of_chain.chained_scheduler),
    (_TORCH, "LambdaLR", of_transformers.lambda_lr),
    ("lrscope.driver.as_torch", "ScheduleLR", of_ours.schedule_lr),
    (_TIMM, "CosineLRScheduler", of_timm.cosine_scheduler),
    (_TIMM, "PolyLRScheduler", of_timm.poly_scheduler),
    (_TIMM, "TanhLRScheduler", of_timm.tanh_scheduler),
    (_TIMM, "StepLRScheduler", of_timm.step_scheduler),
    (_TIMM, "MultiStepLRScheduler", of_timm.multi_step_scheduler),
    (_TIMM, "WSDLRScheduler", of_timm.wsd_scheduler),
)
"""Module (or the beginning of its name), class, and what understands it."""


REASONS: tuple[tuple[str, str, Callable[[Description], NoReturn]], ...] = (
    (_TORCH, "MultiplicativeLR", reasons.multiplicative_lr),
    (_TORCH, "ReduceLROnPlateau", reasons.metric_driven),
    ("transformers.optimization", "GreedyLR", reasons.metric_driven),
    ("transformers.optimization", "AdafactorSchedule", reasons.adafactor_schedule),
    ("transformers.trainer_pt_utils", "LayerWiseDummyScheduler", reasons.layer_wise),
    (_TIMM, "PlateauLRScheduler", reasons.metric_driven),
)
"""Module, class, and what says why it has no plan."""


def leaf_of(found: Description, bases: tuple[float, ...]) -> Leaf:
    """Return a scheduler, understood.

    Raises:
        Refused: If it cannot be.
    """
    for module, name, refuse in REASONS:
        if _is(found, module, name):
            refuse(found)
    for module, name, understands in TABLE:
        if _is(found, module, name):
            if bases:
                return understands(found, bases)
            msg = f"{name}: the base rates of the groups are not known"
            raise Refused(msg)
    msg = f"{found.module}.{found.class_name} is a class that lrscope does not know"
    raise Refused(msg)


def _is(found: Description, module: str, name: str) -> bool:
    here = found.module == module or found.module.startswith(module + ".")
    return here and found.class_name == name


def imported(
    description: Any,
    base_rates: Iterable[float] | None = None,
    *,
    among: Iterable[Any] | Mapping[int, Any] = (),
) -> Imported | NotImported:
    """Return the plan of a scheduler from its plain description.

    Args:
        description: A mapping, or an event of a recording, with ``class_name``,
            ``module``, ``arguments``, ``attributes``, ``children`` and ``rates``.
        base_rates: The rates of the optimizer's groups before the scheduler was
            made; used where the description does not tell them.
        among: Descriptions of the other schedulers of the recording: events with a
            number ``scheduler``, or a mapping of number to description. ``children``
            that are numbers are looked up here.

    Returns:
        The plan, or why there is none.

    >>> from lrscope.schedules.importers import imported
    >>> imported({
    ...     "class_name": "StepLR",
    ...     "module": "torch.optim.lr_scheduler",
    ...     "arguments": {"step_size": 30, "gamma": 0.5},
    ... }, [0.1]).schedules
    (step_decay(30, gamma=0.5),)
    """
    try:
        return _imported(described(description, _by_number(among)), base_rates)
    except (Refused, ScheduleError) as refusal:
        return NotImported(reason=str(refusal))


def imported_live(
    scheduler: Any, base_rates: Iterable[float] | None = None
) -> Imported | NotImported:
    """Return the plan of a live scheduler of torch, transformers or timm.

    It is only looked at; the plan counts its steps from its construction.

    Args:
        scheduler: The scheduler.
        base_rates: As in ``imported``.
    """
    try:
        return _imported(described_live(scheduler), base_rates)
    except (Refused, ScheduleError) as refusal:
        return NotImported(reason=str(refusal))


def _imported(
    found: Description, base_rates: Iterable[float] | None
) -> Imported | NotImported:
    given = None if base_rates is None else tuple(float(each) for each in base_rates)
    bases = found.bases or given or ()
    leaf = begun(leaf_of(found, bases), found)
    return Imported(
        schedules=leaf.schedules,
        bases=bases,
        horizon=leaf.horizon,
        horizon_name=leaf.horizon_name,
        quirks=leaf.quirks + _flattened(leaf, given),
        beside=leaf.beside,
    )


def _flattened(leaf: Leaf, given: tuple[float, ...] | None) -> tuple[Quirk, ...]:
    """Return the quirk of groups that had rates of their own and have one now."""
    same = len(set(leaf.schedules)) == 1 and leaf.schedules[0].is_rate
    if not leaf.sets or not same or len(set(given or ())) < 2:
        return ()
    says = f"every group gets the same rate, though they had {list(given or ())}"
    return quirk("one-rate-for-every-group", says)


def _by_number(among: Iterable[Any] | Mapping[int, Any]) -> Mapping[int, Any]:
    if isinstance(among, Mapping):
        return among
    numbers = ((getattr(each, "scheduler", None), each) for each in among)
    return {
        number: each
        for number, each in numbers
        if number is not None and hasattr(each, "class_name")
    }
