"""timm's schedulers against the schedulers, asked for every step."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lrscope.schedules.importers import NotImported, imported_live

from .stepping import apart, optimizer, written_forms_agree


def timm_scheduler(name):
    """Return a module of timm.scheduler without what timm itself imports."""
    place = importlib.util.find_spec("timm")
    if place is None:
        pytest.skip("timm is not installed", allow_module_level=True)
    package = types.ModuleType("timm")
    package.__path__ = list(place.submodule_search_locations)
    before = sys.modules.get("timm")
    sys.modules["timm"] = package
    try:
        return importlib.import_module(f"timm.scheduler.{name}")
    finally:
        del sys.modules["timm"]
        if before is not None:
            sys.modules["timm"] = before


Cosine = timm_scheduler("cosine_lr").CosineLRScheduler
Poly = timm_scheduler("poly_lr").PolyLRScheduler
Tanh = timm_scheduler("tanh_lr").TanhLRScheduler
Step = timm_scheduler("step_lr").StepLRScheduler
MultiStep = timm_scheduler("multistep_lr").MultiStepLRScheduler
Wsd = timm_scheduler("wsd_lr").WSDLRScheduler
Plateau = timm_scheduler("plateau_lr").PlateauLRScheduler

lows = st.sampled_from([0.0, 1e-3])
warmups = {
    "warmup_t": st.integers(0, 60),
    "warmup_lr_init": st.sampled_from([0.0, 1e-3]),
}
anywhere = {**warmups, "warmup_prefix": st.booleans()}
cycles = {
    "t_initial": st.integers(1, 60),
    "lr_min": lows,
    "cycle_mul": st.sampled_from([1.0, 1, 2, 3, 1.5]),
    "cycle_decay": st.sampled_from([1.0, 0.5]),
    "cycle_limit": st.integers(0, 6),
    **anywhere,
}
SCHEDULERS = {
    "cosine": (Cosine, {**cycles, "k_decay": st.sampled_from([1.0, 1.0, 1.7])}),
    "poly": (
        Poly,
        {
            **cycles,
            "k_decay": st.sampled_from([1.0, 1.0, 0.6]),
            "power": st.sampled_from([0.5, 1.0, 2.0]),
        },
    ),
    "tanh": (Tanh, cycles),
    "step": (
        Step,
        {"decay_t": st.integers(1, 60), "decay_rate": st.floats(0.1, 1), **anywhere},
    ),
    "multi-step": (
        MultiStep,
        {
            "decay_t": st.lists(st.integers(0, 150) | st.just(7.5), max_size=5).map(
                sorted
            ),
            "decay_rate": st.floats(0.1, 1),
            **anywhere,
        },
    ),
    "wsd": (
        Wsd,
        {
            "t_initial": st.integers(60, 150),
            "decay_t": st.integers(1, 60),
            "lr_min": lows | st.just(0.05),
            "stable_fn": st.sampled_from(["constant", "rsqrt", "power"]),
            "stable_timescale": st.integers(1, 90),
            "stable_power": st.floats(0.2, 2),
            "decay_fn": st.sampled_from(["linear", "1-sqrt", "cosine", "power", "exp"]),
            "decay_power": st.floats(0.2, 2),
            "decay_ratio": st.floats(0.05, 0.9),
            **warmups,
        },
    ),
}


def course_of(scheduler, steps):
    groups = scheduler.optimizer.param_groups
    course = [[each["lr"] for each in groups]]
    for step in range(1, steps):
        scheduler.step(step)
        course.append([each["lr"] for each in groups])
    return np.array(course).T


@pytest.mark.parametrize("name", SCHEDULERS)
@settings(max_examples=60, phases=[Phase.explicit, Phase.generate])
@given(data=st.data(), scale=st.sampled_from([None, 0.7]))
def test_an_import_follows_its_scheduler(name, data, scale):
    cls, arguments = SCHEDULERS[name]
    made_on = optimizer()
    if scale is not None:
        made_on.param_groups[1]["lr_scale"] = scale
    scheduler = cls(made_on, **data.draw(st.fixed_dictionaries(arguments)))
    fresh = imported_live(scheduler)
    assert apart(fresh, course_of(scheduler, 300), 1e-4) < 1e-10
    assert imported_live(scheduler) == fresh
    written_forms_agree(fresh)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCHEDULERS)
@settings(max_examples=10)
@given(data=st.data(), longer=st.integers(30, 90))
def test_an_import_follows_its_scheduler_for_ten_thousand_steps(name, data, longer):
    cls, arguments = SCHEDULERS[name]
    chosen = data.draw(st.fixed_dictionaries(arguments))
    for each in ("t_initial", "warmup_t", "decay_t", "stable_timescale"):
        if isinstance(chosen.get(each), int):
            chosen[each] *= longer
    scheduler = cls(optimizer(), **chosen)
    fresh = imported_live(scheduler)
    assert apart(fresh, course_of(scheduler, 10_000), 1e-4) < 1e-10


def test_its_quirks_are_named():
    def quirks(cls, *arguments, **named):
        found = imported_live(cls(optimizer(), *arguments, **named))
        return [each.name for each in found.quirks]

    assert quirks(Cosine, 50) == []
    assert quirks(Cosine, 10, warmup_t=3) == ["timm-warmup-eats-the-decay"]
    assert quirks(Cosine, 10, warmup_t=3, warmup_prefix=True) == []
    assert quirks(Tanh, 50) == ["timm-begins-at-the-base-rate"]
    assert quirks(MultiStep, [5, 9]) == ["timm-milestones-act-one-early"]
    grown = quirks(Cosine, 1, cycle_mul=3, cycle_limit=6)
    assert grown == ["timm-restart-lost-to-rounding"]


def test_noise_is_asked_of_a_live_scheduler_where_it_ends():
    scheduler = Cosine(optimizer(), 50, noise_range_t=(0, 40), noise_pct=0.3)
    found = imported_live(scheduler)
    assert apart(found, course_of(scheduler, 100), 1e-4) < 1e-10
    endless = imported_live(Cosine(optimizer(), 50, noise_range_t=5))
    assert isinstance(endless, NotImported)
    assert "noise" in endless.reason


@pytest.mark.filterwarnings("ignore:PlateauLRScheduler is deprecated")
def test_what_cannot_be_imported_says_why():
    for scheduler, words in (
        (Plateau(optimizer()), "metric-driven"),
        (Cosine(optimizer(), 9, cycle_mul=0.5), "cycle_mul=0.5"),
        (
            Wsd(optimizer(), 90, 9, decay_fn=lambda part: 1 - part),
            "function of its user",
        ),
        (Step(optimizer(), 2.5, 0.5), "decay_t=2.5"),
    ):
        found = imported_live(scheduler)
        assert isinstance(found, NotImported)
        assert words in found.reason
