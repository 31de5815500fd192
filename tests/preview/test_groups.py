"""``lrscope preview [GROUP=]SPEC… --lr --group``: which rate multiplies which plan."""

from __future__ import annotations

import json

import pytest


def peaks(plans):
    return [
        (each["name"], each["schedule"], each["landmarks"]["peak"]) for each in plans
    ]


def test_a_named_plan_is_for_its_group_and_one_without_a_name_for_all_others(plans):
    groups = [f"--group={each}" for each in ("head=1e-3", "neck=1e-2", "body=1e-4")]
    found = plans("head=linear(10)", "cosine(10)", *groups)
    assert peaks(found) == [
        ("head", "linear(10)", 1e-3),
        ("neck", "cosine(10)", 1e-2),
        ("body", "cosine(10)", 1e-4),
    ]


def test_a_name_needs_no_rate(plans):
    found = plans("head = linear(10)", "body=cosine(floor=0.1, steps=10)", "--lr", "2")
    assert [(name, peak) for name, _, peak in peaks(found)] == [
        ("head", 2),
        ("body", 2),
    ]


def test_several_plans_of_one_group_are_told_apart(plans):
    found = plans("a=linear(10)", "a=cosine(10)", "--group", "a=1")
    assert [each["name"] for each in found] == ["a linear(10)", "a cosine(10)"]


def test_a_group_at_zero_while_others_train_on_is_named(preview, plans):
    words = ["head=cosine(10)", "cosine(20)", "--group=head=1e-3", "--group=body=1e-4"]
    head, body = plans(*words)
    assert list(head["cautions"]) == ["schedule-shorter-than-run"]
    assert head["landmarks"]["steps"] == 20
    assert head["landmarks"]["last"] == 0
    assert body["cautions"] == {}
    told = " ".join(preview(*words).split())
    assert "head: the last 10 of 20 updates have rate 0 and change nothing" in told


def test_alternatives_for_one_group_are_no_run_together(plans):
    for words in (["cosine(10)", "cosine(20)"], ["a=cosine(10)", "a=cosine(20)"]):
        found = plans(*words)
        assert [each["landmarks"]["steps"] for each in found] == [10, 20]
        assert [each["cautions"] for each in found] == [{}, {}]


def test_an_endless_group_lasts_as_long_as_those_beside_it(ask):
    done = ask("head=constant()", "cosine(20)", "--json")
    found = json.loads(done.stdout)["plans"]
    assert [each["landmarks"]["steps"] for each in found] == [20, 20]
    assert not done.stderr


@pytest.mark.parametrize("given", [["--lr", "0.1"], ["--group", "a=0.1"]])
def test_a_rate_that_multiplies_nothing_is_refused(preview, given):
    said = preview("cosine(10).absolute(0.3)", *given, code=2)
    assert "cosine(10).absolute(0.3) has rates of its own" in said
    assert f"leave {given[0]} out" in said


def test_a_rate_that_leaves_one_of_several_plans_alone_says_so(ask):
    done = ask("cosine(10).absolute(0.3)", "cosine(10)", "--lr", "0.1")
    assert done.stderr.count("\n") == 1
    assert "--lr does not change cosine(10).absolute(0.3)" in done.stderr


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["cosine(10)", "cosine(10).absolute(0.1)"], "share no axis"),
        (["hed=cosine(10)", "--group", "head=0.1"], "the groups of --group are 'head'"),
        (["a=cosine(10)", "--group", "a=1", "--group", "b=1"], "'b' has no plan"),
        (
            ["a=cosine(10)", "linear(10)", "--group", "a=1"],
            "linear(10) is for no group",
        ),
        (["cosine(10)", "--lr", "0"], "above 0"),
        (["cosine(10)", "--lr", "nan"], "finite"),
        (["cosine(10)", "--group", "a=inf"], "finite"),
        (["cosine(10)", "--group", "a"], "NAME=LR"),
        (["cosine(10)", "--group", "a=1", "--group", "a=2"], "every name once"),
        (["cosine(10)", "--group", "a=1", "--lr", "1"], "do not go together"),
        (["head="], "a SPEC is needed"),
    ],
)
def test_groups_and_rates_that_do_not_fit_are_one_clear_answer(preview, words, needed):
    assert needed in preview(*words, code=2)


def test_a_group_with_rate_zero_stays_there(plans, tmp_path):
    (tmp_path / "frozen.py").write_text(
        "import torch\nfrom lrscope import cosine\n"
        "def make():\n    return torch.optim.SGD([torch.zeros(1)], lr=0.0), cosine(10)\n"
    )
    (found,) = plans("frozen.py:make")
    assert found["landmarks"]["peak"] == 0
    assert found["unit"] == "rate"
