"""Who wrote a recording, C or Python, cannot be told from it."""

from __future__ import annotations

import functools
import sys
import warnings

import pytest

import lrscope
from lrscope import compiled
from lrscope.sites import UNSEEN

from .conftest import BOUND
from .contents import told
from .group_trainings import OF_GROUPS
from .rare_trainings import RARE, chained, one_rate_by_hand
from .trainings import USUAL, steps_down

TRAININGS = [*USUAL, *RARE, *OF_GROUPS]


def _name(training):
    if isinstance(training, functools.partial):
        return f"{training.args[0]} groups"
    return training.__name__.replace("_", " ")


@pytest.fixture
def both(tmp_path, in_python):
    """Record a training in C and in Python, and return what each recorded."""

    def record(training, **options):
        found = []
        for name in ("C", "Python"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch's, of schedulers
                if name == "C":
                    with lrscope.record(tmp_path / name, **options):
                        training()
                else:
                    with in_python(), lrscope.record(tmp_path / name, **options):
                        training()
            found.append(told(tmp_path / name))
        return found

    return record


def _assert_same(in_c, in_python):
    assert in_c[0]["tracks"]
    assert not in_c[0]["problem"]
    for left, right in zip(in_c, in_python, strict=True):
        for key, value in left.items():
            assert value == right[key], key


@pytest.mark.parametrize("training", TRAININGS, ids=_name)
def test_c_and_python_record_the_same(both, training):
    _assert_same(*both(training))


@pytest.mark.parametrize("training", TRAININGS, ids=_name)
def test_c_and_python_record_the_same_while_every_step_is_measured(both, training):
    _assert_same(*both(training, effective="every=1"))


@pytest.mark.parametrize("training", USUAL[:3], ids=_name)
def test_c_and_python_record_the_same_while_some_steps_are_measured(both, training):
    _assert_same(*both(training, effective="every=3"))


def _calls_of_ours(training, directory):
    """Count calls of our Python functions that may be C's, while it is recorded."""
    count = 0

    def note(frame, event, _):
        nonlocal count
        code = frame.f_code
        ours = event == "call" and code.co_filename == UNSEEN
        count += ours and code.co_name != "check"  # of get_lr: it is Python's

    with lrscope.record(directory):
        training()  # everything is new
        sys.setprofile(note)
        try:
            training()
        finally:
            sys.setprofile(None)
    return count


@pytest.mark.parametrize("training", [steps_down, chained, one_rate_by_hand])
def test_the_usual_case_is_done_in_c(tmp_path, in_python, training):
    _calls_of_ours(training, tmp_path / "first")  # what is met once is met now
    in_c = _calls_of_ours(training, tmp_path / "c")
    with in_python():
        assert _calls_of_ours(training, tmp_path / "python") > 3 * in_c


def test_no_other_module_holds_the_compiled_functions():
    holding = {
        name
        for name, module in list(sys.modules.items())
        if name.startswith("lrscope")
        and compiled.native in list(vars(module).values())
        and name != "lrscope"
    }
    assert holding == {each.__name__ for each in BOUND}
