"""The text form and the JSON form: what they say, refuse, and never do."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lrscope import schedules as s
from lrscope.errors import ScheduleError
from lrscope.schedules.catalogue import CALLABLE, KINDS, RECIPES, SHAPES
from lrscope.schedules.written.elsewhere import ELSEWHERE

from .table import TREES, hill

READ = [
    ("warmup(500) >> cosine(9_500, floor=0.1)", s.warmup(500) >> s.cosine(9500, 0.1)),
    ("cosine(steps=10)", s.cosine(10)),
    ("warmup('3ep') >> cosine('85%')", s.warmup("3ep") >> s.cosine("85%")),
    ("0.5 * cosine(100)[10:]", 0.5 * s.cosine(100)[10:]),
    ("cosine(100)[:50] + 1", s.cosine(100)[:50] + 1),
    ("min(cosine(5), 0.5)", s.cosine(5).minimum(0.5)),
    ("max(0.5, cosine(5), linear(9))", s.cosine(5).maximum(0.5).maximum(s.linear(9))),
    ("cosine(5).stretch(3/2)", s.cosine(5).stretch(1.5)),
    ("cosine(5).repeat(3, scale=0.5)", s.cosine(5).repeat(3, scale=0.5)),
    ("(cosine(5) >> linear(5)).reverse()", (s.cosine(5) >> s.linear(5)).reverse()),
    ("multistep([30, 80], gamma=.5)", s.multistep([30, 80], 0.5)),
    ("multistep((30, 80), .5)", s.multistep([30, 80], 0.5)),
    ("linear(5, start=-1, end=+1)", s.linear(5, -1, 1)),
    ("warmup_cosine(100, 10)", s.warmup_cosine(100, 10)),
    ("  cosine(\n 5 )", s.cosine(5)),
    ("cosine(5) - 0.1", s.cosine(5) - 0.1),
    ("1 - cosine(5)", 1 - s.cosine(5)),
    ("cosine(5) - 2*linear(5)", s.cosine(5) - 2 * s.linear(5)),
    ("-cosine(5) / 3 * 2", -s.cosine(5) / 3 * 2),
    ("cosine(5) / (3/2)", s.cosine(5) / 1.5),
    ("(cosine(5) + 1) / 3", (s.cosine(5) + 1) / 3),
    ("cosine(5) - (linear(5) - 1)", s.cosine(5) - (s.linear(5) - 1)),
    ("(cosine(5) >> -linear(5)) / 2", (s.cosine(5) >> -s.linear(5)) / 2),
    ("cosine(5)['1ep':].extend(to='9ep')", s.cosine(5)["1ep":].extend(to="9ep")),
    ("function('math:sqrt')", s.function("math:sqrt")),
    (
        "piecewise_linear([(0, 0), ('3ep', 1)])",
        s.piecewise_linear([(0, 0), ("3ep", 1)]),
    ),
]


@pytest.mark.parametrize(("text", "schedule"), READ)
def test_a_text_is_read_as_python_would_read_it(text, schedule):
    assert s.parse(text) == s.parse(repr(schedule)) == schedule


@pytest.mark.parametrize("kind", [*SHAPES, *RECIPES], ids=lambda kind: kind.__name__)
def test_every_shape_and_recipe_can_be_called_in_a_text(kind):
    assert CALLABLE[kind.__name__] is kind
    assert getattr(s, kind.__name__) is kind


REFUSED = [
    ("", 1, "invalid syntax"),
    ("warmup(1ep) >> cosine(9ep)", 8, 'in quotes: "1ep"'),
    ("cosine(90ep - 5 steps)", 8, 'in quotes: "90ep - 5 steps"'),
    ('warmup("1ep") >> cosine(90%)', 25, 'in quotes: "90%"'),
    ("warmup(100) > cosine(1000)", 15, "joined with >>"),
    ("cosin(5)", 1, "did you mean 'cosine'"),
    ("warmup(5) >> cosin(5)", 14, "did you mean 'cosine'"),
    ("lrscope.cosin(5)", 1, "did you mean 'cosine'"),
    ("torch.cosine(5)", 1, "there is no schedule 'torch'"),
    ("CosineAnnealingLR(100)", 1, "did you mean 'cosine'"),
    ("step(30, 0.1)", 1, "did you mean 'step_decay'"),
    ("[warmup(5), cosine(5)]", 1, "join its parts with >>"),
    ("cosine", 1, "needs its arguments"),
    ("cosine()", 1, "missing a required argument: 'steps'"),
    ("cosine(5, 6, 7, 8)", 1, "too many positional arguments"),
    ("cosine(5, floor=.1, floor=.2)", 21, "floor is given twice; leave one out"),
    ("cosine(5, flor=0.1)", 1, "unexpected keyword argument 'flor'"),
    ("cosine(0)", 1, "steps to be a whole number >= 1, got 0"),
    ("warmup(5) >> cosine(-5)", 14, "got -5"),
    ("cosine(5) >> 3", 1, "for a number: constant()"),
    ("cosine(5) % 3", 1, "joined by >>"),
    ("3 / cosine(5)", 1, "cannot be divided by a schedule"),
    ("cosine(5) / linear(5)", 1, "divided by a number"),
    ("not cosine(5)", 1, "a sign can only stand before"),
    ("-'3ep'", 1, "a sign can only stand before"),
    ("cosine(5)+", 11, "invalid syntax"),
    ("cosine(5) >>\n  ", 13, "invalid syntax"),
    ("cosine(\n5) + +", 7, "invalid syntax"),
    ("cosine(5) ** 3", 1, "joined by >>"),
    ("3", 1, "is no schedule"),
    ("cosine(5", 7, "never closed"),
    ("cosine(5).stretsh(2)", 1, "did you mean 'stretch'"),
    ("cosine(5).steps", 1, "not part of the text form"),
    ("cosine(5)[3]", 1, "a slice of a schedule is written"),
    ("cosine(*[5])", 8, "not part of the text form"),
    ("cosine(**{'steps': 5})", 1, "cannot be used here"),
    ("cosine(lambda: 5)", 8, "not part of the text form"),
    ("[cosine(5) for _ in 'ab']", 1, "not part of the text form"),
    ("__import__('os').getcwd()", 1, "there is no schedule '__import__'"),
    ("cosine(5).__class__()", 1, "there is no method '__class__'"),
    ("cosine(5).first_step(at_least=1)", 1, "there is no method"),
    ("(lambda: 5)()", 1, "only schedules and their methods can be called"),
    ("cosine(5); cosine(6)", 10, "invalid syntax"),
    ("schönes >> cosin(5)", 1, "there is no schedule 'schönes'"),
    ("cosine('5 parsecs')", 1, "got '5 parsecs'"),
    ("cosine('0 ep')", 1, "above 0"),
    ("cosine('120%')", 1, "no more than 100 %"),
    ("multistep([80, 30])", 1, "rising order"),
    ("cosine(5, floor=nan)", 17, "there is no schedule 'nan'"),
    ("cosine(5, floor=1e999)", 1, "finite"),
]


@pytest.mark.parametrize(("text", "column", "words"), REFUSED)
def test_an_error_in_a_text_points_at_its_column(text, column, words):
    with pytest.raises(ScheduleError) as caught:
        s.parse(text)
    message = str(caught.value)
    assert words in message
    assert f"(column {column})" in message
    assert message.splitlines()[-1].index("^") == column + 1


WORDS = "cosine(5) warmup( ) >> * + 5 0.5 '3ep' . [ ] : , repeat ( floor= - min ö \\"
PIECES = st.sampled_from([*WORDS.split(), "lambda", "\n", " "])


@settings(max_examples=500)
@given(text=st.text(max_size=40) | st.lists(PIECES, max_size=12).map("".join))
@example("\x00")
@example("(" * 5000)
@example("-" * 5000 + "1")
@example("cosine(5)" + ".reverse()" * 5000)
@example("9" * 5000)
@example("cosine(" + "9" * 4000 + ")")
@example("cosine('" + "9" * 5000 + "ep')")
@example("cosine('1e999999999ep')")
@example("\ud800")
@example("cosine(5).stretch(1e-320)")
@example("cosine(5).stretch(1/0)")
@example("cosine(5)[True:]")
@example("cosine(5)[:'3ep']")
@example("cosine(5) * (1e308 + cosine(1))")
@example("f'{cosine(5)}'")
@example("min(cosine(5), key=3)")
@example("constant(10**400)")
@example("constant(" + "1" * 400 + ")")
@example("multistep([[]])")
@example("lookup([lookup([1])])")
@example("piecewise_linear([[[0], 1]])")
@example("cosine(5).repeat(5)[::cosine(5)]")
@example("cosine(cosine(5))")
@example("warmup_cosine(cosine(5), 'a')")
@example("cosine(5).clip(low='a')")
@example("cosine(5).shift(None)")
@example("cosine(None)")
@example("cosine(steps=5, steps=6)")
@example("cosine(5,\tfloor=2)")
@example("\tcosine(5,\n\tfloor=2)")
def test_any_text_is_a_schedule_or_a_schedule_error(text):
    try:
        found = s.parse(text)
    except ScheduleError:
        return
    assert isinstance(found, s.Schedule)
    assert s.parse(repr(found)) == found


@pytest.mark.parametrize("data", [None, 5, b"cosine(5)", ["cosine(5)"]])
def test_only_text_is_parsed(data):
    with pytest.raises(ScheduleError, match="needs a schedule as text"):
        s.parse(data)


def test_reading_a_text_or_json_imports_and_runs_nothing(tmp_path, monkeypatch):
    place = tmp_path / "told_on_import.py"
    place.write_text("raise SystemExit('was imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = s.parse("function('told_on_import:rate')")
    again = s.from_json(json.dumps(s.to_json(found)))
    assert again == found
    assert repr(again) == "function('told_on_import:rate')"
    assert "told_on_import" not in sys.modules


def test_the_json_form_is_plain_and_numbered():
    data = s.to_json(s.warmup(5) >> 0.5 * s.multistep([3, 6]))
    assert data == {
        "format": 1,
        "schedule": {
            "kind": "then",
            "parts": [
                {
                    "kind": "warmup",
                    "steps": 5,
                    "start": None,
                    "shape": "linear",
                    "power": 2.0,
                },
                {
                    "kind": "product",
                    "parts": [
                        {"kind": "constant", "value": 0.5, "steps": None},
                        {
                            "kind": "multistep",
                            "milestones": [3, 6],
                            "gamma": 0.1,
                            "steps": None,
                        },
                    ],
                },
            ],
        },
    }


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_no_argument_takes_the_name_of_the_kind(kind):
    assert "kind" not in kind.__dataclass_fields__


def jsons():
    leaf = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9)
    keys = st.sampled_from(["kind", "steps", "inner", "parts", "schedule", "format"])
    kinds = st.sampled_from(sorted(KINDS))
    return st.recursive(
        leaf | kinds,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(keys | st.text(max_size=4), inner | kinds, max_size=5)
        ),
        max_leaves=12,
    )


@settings(max_examples=400)
@given(data=jsons())
@example({"kind": "cosine", "steps": {"kind": "cosine", "steps": 5}})
@example({"kind": "then", "parts": "ab"})
@example({"kind": "cosine", "steps": [5]})
@example({"kind": "cosine", "steps": 5, "self": 3})
@example({"kind": "clip", "inner": 3, "low": 1})
@example({"kind": ["cosine"], "steps": 5})
@example({"kind": "window", "inner": {"kind": "constant"}, "start": "3ep", "stop": 2})
@example({"kind": "piecewise_linear", "points": [{"kind": "constant"}]})
def test_any_json_is_a_schedule_or_a_schedule_error(data):
    for each in (data, {"format": 1, "schedule": data}, json.dumps(data)):
        try:
            found = s.from_json(each)
        except ScheduleError:
            continue
        assert isinstance(found, s.Schedule)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("{", "as JSON"),
        ("[]", '"format": 1'),
        ({"format": 2, "schedule": {}}, "a newer lrscope may read it"),
        ({"format": True, "schedule": {}}, "format 1, got True"),
        ({"format": 1, "schedule": {}, "version": 99}, "nothing is read, got version"),
        ({"format": 1, "schedule": {"kind": "cosin"}}, "known kind"),
        ({"format": 1, "schedule": {"kind": "cosine"}}, "cannot be made of"),
        ({"format": 1, "schedule": {"kind": "cosine", "steps": 0}}, ">= 1, got 0"),
    ],
)
def test_json_that_is_no_schedule_is_refused_in_words(data, words):
    with pytest.raises(ScheduleError, match=words):
        s.from_json(data)


def test_a_named_function_is_written_and_a_lambda_refuses_in_words():
    named = s.function(hill)
    assert named == s.function(f"{hill.__module__}:hill")
    assert s.parse(repr(named))(7) == hill(7)
    nameless = s.cosine(5) >> s.function(lambda step: 1.0 / (1 + step))
    assert nameless(6) == 0.5
    assert "lambda" in repr(nameless)
    for write in (s.to_text, s.to_json):
        with pytest.raises(ScheduleError, match="define it with def in a module"):
            write(nameless)


@settings(max_examples=60)
@given(schedule=TREES)
def test_text_is_one_line_that_python_reads_alike(schedule):
    text = s.to_text(schedule)
    assert "\n" not in text
    names = {name: getattr(s, name) for name in s.__all__}
    names["minimum"] = lambda first, *more: _fold("minimum", first, more)
    names["maximum"] = lambda first, *more: _fold("maximum", first, more)
    assert eval(text, {"__builtins__": {}}, names) == schedule


def _fold(name, first, more):
    for each in more:
        one, other = (first, each) if isinstance(first, s.Schedule) else (each, first)
        first = getattr(one, name)(other)
    return first


def test_a_plan_may_be_copied_from_a_program():
    text = "warmup(5) >> cosine(9, floor=0.1)"
    copied = text.replace("warmup", "lrscope.warmup").replace("cos", "lrscope.cos")
    assert s.parse(copied) == s.parse(text)


def test_every_name_from_elsewhere_is_one_of_ours():
    assert set(ELSEWHERE.values()) <= set(CALLABLE)
    assert not set(ELSEWHERE) & set(CALLABLE)
