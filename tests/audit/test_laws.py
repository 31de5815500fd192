"""What an audit promises of any run that can be written down, whatever the rules are."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lrscope.audit.running import certain_findings, goes_on, so_far
from lrscope.cli.audit import FORMS

from . import stories as loops
from .building import recorded
from .metric import stories as metrics
from .tale import LEAVING, PLAIN, Sched
from .verdict import audited, names

COUNTS = st.integers(0, 3)
LENGTHS = st.one_of(st.integers(-1, 150), st.floats(allow_nan=True), st.none())
RATES = st.sampled_from(
    [0.0, -0.1, 1e-3, 0.1, float("nan"), float("inf"), -float("inf"), 5e-324]
)
ODD = st.sampled_from([None, [], {}, "text", -1, 2.5, float("nan"), [None], [[0]]])
"""What no constructor takes, and a recording may hold all the same."""

ARGUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "T_max": LENGTHS | ODD,
        "T_0": LENGTHS,
        "T_mult": LENGTHS,
        "eta_min": LENGTHS,
        "total_iters": LENGTHS | ODD,
        "total_steps": LENGTHS,
        "step_size": LENGTHS,
        "step_size_up": LENGTHS,
        "steps_per_epoch": LENGTHS,
        "epochs": LENGTHS,
        "gamma": LENGTHS | ODD,
        "start_factor": st.sampled_from([0.1, 1.0, "nan", None]),
        "end_factor": st.sampled_from([0.0, 1.0, None]),
        "milestones": st.lists(LENGTHS, max_size=3) | ODD,
        "lr_lambda": st.sampled_from([None, [], [{"callable": "f"}], "text"]),
        "patience": LENGTHS | ODD,
        "mode": st.sampled_from(["min", "max", "mean", None]),
        "schedulers": st.lists(st.fixed_dictionaries({"scheduler": st.integers(0, 3)})),
    },
)
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "last_epoch": LENGTHS | ODD,
        "base_lrs": st.lists(RATES, max_size=3) | ODD,
        "_milestones": st.lists(LENGTHS, max_size=2) | ODD,
        "milestones": st.dictionaries(st.sampled_from("1x"), COUNTS) | ODD,
    },
)
SCHEDS = st.builds(
    Sched,
    kind=st.sampled_from(
        [
            "CosineAnnealingLR",
            "CosineAnnealingWarmRestarts",
            "CyclicLR",
            "OneCycleLR",
            "LinearLR",
            "ConstantLR",
            "StepLR",
            "MultiStepLR",
            "ExponentialLR",
            "PolynomialLR",
            "SequentialLR",
            "ChainedScheduler",
            "LambdaLR",
            "ReduceLROnPlateau",
            "Own",
        ]
    ),
    given=ARGUMENTS,
    update=COUNTS,
    batch=COUNTS,
    each_pass=COUNTS,
    start=COUNTS,
    ahead=COUNTS,
    valid=COUNTS,
    asked=st.booleans(),
    optimizer=st.integers(-1, 2),
    children=st.lists(st.integers(-1, 3), max_size=3),
    metric=st.sampled_from([None, float, lambda _: float("nan"), lambda _: -1.0]),
    accelerate=st.booleans(),
    module=st.sampled_from(["torch.optim.lr_scheduler", "timm.scheduler", "mine"]),
    attributes=ATTRIBUTES,
    rates=st.none() | st.lists(RATES, max_size=3),
    before=st.lists(RATES, max_size=3),
)
LINE = ["nowhere.py", 3]
EVENTS = st.sampled_from(
    [
        {"event": "model_shared", "wrapper": "Own", "where": LINE},
        {
            "event": "optimizer_state_loaded",
            "optimizer": 0,
            "rates": [0.1],
            "initial_rates": [],
            "where": LINE,
            "steps": 12.0,
        },
        {
            "event": "optimizer_state_loaded",
            "optimizer": 7,
            "rates": ["nan", None],
            "initial_rates": ["text"],
            "where": [],
            "steps": None,
        },
        {
            "event": "scheduler_state_loaded",
            "scheduler": 0,
            "where": LINE,
            "attributes": {"last_epoch": 20, "T_max": 50},
        },
        {
            "event": "scheduler_state_loaded",
            "scheduler": 9,
            "where": [],
            "attributes": {"last_epoch": "x"},
        },
        {
            "event": "plan_declared",
            "optimizer": 0,
            "where": LINE,
            "plan": {"keys": {"lr": [{"group": 0, "schedule": "no schedule"}]}},
        },
        {
            "event": "rate_is_no_number",
            "optimizer": 0,
            "column": 0,
            "value": "1j",
            "type": "complex",
        },
        {
            "event": "group_added",
            "optimizer": 0,
            "order": [0, 1, 5],
            "where": LINE,
            "groups": [],
        },
        {
            "event": "graph_keeps_rate",
            "optimizer": 0,
            "group": 7,
            "kept": None,
            "wanted": 0.1,
            "where": [],
        },
        {"event": "step_raised", "optimizer": 0},
        {"event": "of_a_later_version", "what": [1, 2]},
    ]
)
RAISED = st.sampled_from(
    [
        None,
        {"type": "ValueError", "message": "5"},
        {"type": "NotImplementedError", "message": None},
        {"type": None, "where": ["x"]},
        {
            "type": "AttributeError",
            "message": "'A' object has no attribute '_last_lr'",
            "where": LINE,
        },
        {},
    ]
)


@st.composite
def trainings(draw):
    groups, updates = draw(st.integers(1, 3)), draw(st.integers(0, 60))
    row = st.lists(RATES, min_size=groups, max_size=groups)

    def rates():
        found = draw(st.lists(row, min_size=1, max_size=updates + 1))
        return lambda call: found[call % len(found)]

    skipped = draw(st.sets(st.integers(0, updates)))
    momentum = draw(st.none() | RATES)
    return {
        "updates": updates,
        "lr": rates(),
        "momentum": None if momentum is None else lambda call: momentum * call,
        "tensor_lr": draw(st.booleans()),
        "scheds": draw(st.lists(SCHEDS, max_size=4)),
        "per_pass": draw(st.sampled_from([None, 1, 7, 20])),
        "batches": draw(st.integers(1, 3)),
        "backward": draw(st.none() | COUNTS),
        "valid_every": draw(COUNTS),
        "skips": lambda call: call in skipped,
        "scaled": draw(st.booleans()),
        "world": draw(st.sampled_from([None, 1, 4])),
        "ranks": [rates() for _ in range(draw(st.integers(0, 2)))],
        "events": draw(st.lists(EVENTS, max_size=4)),
        "others": draw(st.sampled_from([[], [{"elements": 7}]])),
        "other_until": draw(st.integers(0, 60)),
        "torch": draw(st.sampled_from([None, "1.13.1", "2.4", "2.13.0+cpu", "main"])),
        "command": draw(st.sampled_from([[], ["sh"], ["python", "t.py", "--lr", "x"]])),
        "raised": draw(RAISED),
        "ended": draw(st.booleans()),
        "source": draw(st.sampled_from([PLAIN, LEAVING, "no python (", ""])),
        "by_hand": draw(st.booleans()),
        "made": draw(st.none() | RATES),
        "silent": draw(st.booleans()),
    }


SETTINGS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def written(folder, segments):
    for told in segments:
        run = recorded(folder, **told)
    return run


@SETTINGS
@given(segments=st.lists(trainings(), min_size=1, max_size=2))
def test_no_rule_fails_on_any_run_and_every_form_can_tell_it(
    tmp_path_factory, segments
):
    run = written(tmp_path_factory.mktemp("any"), segments)
    audit = audited(run)
    for each in audit.findings:
        assert each.message
        assert each.cause
        assert each.fix
        assert each.steps is None or 0 <= each.steps[0] <= each.steps[1]
    for form in FORMS.values():
        assert isinstance(form([audit]), str)
    plain = json.loads(FORMS["json"]([audit]))
    assert len(plain["findings"]) == len(audit.findings)
    certain = certain_findings(run, segment=len(segments) - 1)
    assert all(each.segment == len(segments) - 1 for each in certain)
    if goes_on(run):
        assert so_far(run, audit, ignore={}).facts == audit.facts


def twice(rates):
    """Return the rates of a further group that does what the first does."""

    def more(call):
        found = rates(call)
        several = found if isinstance(found, (list, tuple)) else [found]
        return [*several, several[0]]

    return more


def with_a_group(story):
    own = {"lr": twice(story.get("lr", lambda _: 0.1))}
    return {**story, **own, "ranks": [twice(each) for each in story.get("ranks", ())]}


def with_an_optimizer(story):
    own = {"others": [{"elements": 5}], "other_until": 10**9}
    return story if story.get("others") else {**story, **own}


SHARING = {"sched-stepped-per-microbatch", "horizon-ignores-accumulation"}
"""Rules that count backward calls: two optimizers may have made them for both."""


def fires(but=()):
    return [
        pytest.param(story, id=f"{rule}: {name}")
        for family in (loops, metrics)
        for rule, own in family.FIRES.items()
        for name, story in own.items()
        if rule not in but
    ]


def removed(folder, story, change):
    before = names(audited(recorded(folder / "without", **story)))
    return before - names(audited(recorded(folder / "with", **change(story))))


@pytest.mark.parametrize("story", fires())
def test_an_unrelated_group_never_removes_a_finding(tmp_path, story):
    assert removed(tmp_path, story, with_a_group) == set()


@pytest.mark.parametrize("story", fires(but=SHARING))
def test_an_unrelated_optimizer_never_removes_a_finding(tmp_path, story):
    assert removed(tmp_path, story, with_an_optimizer) == set()


COMPARING = {"scheduler-returns-fewer-lrs-than-groups"}
"""Rules about one group that is not as all others: a second one like it is related."""


@SETTINGS
@given(told=trainings())
def test_an_unrelated_group_never_removes_a_finding_of_any_run(tmp_path_factory, told):
    assert removed(tmp_path_factory.mktemp("any"), told, with_a_group) <= COMPARING
