"""What is said of a run that goes on is certain, said once, and disturbs nobody."""

from __future__ import annotations

import queue
import re
import subprocess
import sys
import threading

import pytest

import lrscope
from lrscope.audit.rules import RULES
from lrscope.audit.running import EARLY, ONLY_ERRORS, certain_findings
from lrscope.report import following

from . import stories as loops
from .building import recorded
from .metric import stories as metrics
from .stories import cosine, one
from .tale import PLAIN

LITERAL = PLAIN.replace("range(9)", "range(20)")
TOO_LONG = {"scheds": one(T_max=400, each_pass=1), "source": LITERAL, "ended": False}


def names(run):
    return [each.name for each in certain_findings(run, segment=0)]


def test_a_schedule_that_will_not_end_with_the_run_is_told_while_it_runs(tmp_path):
    (found,) = certain_findings(recorded(tmp_path, **TOO_LONG), segment=0)
    assert found.name == "schedule-longer-than-run"
    assert "at this pace" in found.message
    assert "will end at 5% of its length" in found.message
    assert "range(20) around train.py:2" in found.cause


@pytest.mark.parametrize(
    "rounds",
    [
        "tqdm(range(20))",
        "tqdm.tqdm(range(0, 20), desc='x')",
        "trange(20)",
        "range(1, 21)",
        "range(1, 20 + 1)",
        "enumerate(range(20))",
    ],
)
def test_the_rounds_of_a_loop_are_known_as_programs_write_them(tmp_path, rounds):
    story = {**TOO_LONG, "source": LITERAL.replace("range(20)", rounds)}
    (found,) = certain_findings(recorded(tmp_path, **story), segment=0)
    assert "range(20) around train.py:2" in found.cause


@pytest.mark.parametrize("rounds", ["range(a)", "range(0, 20, 2)", "zip(range(20))"])
def test_rounds_that_are_not_known_are_not_guessed(tmp_path, rounds):
    story = {**TOO_LONG, "source": LITERAL.replace("range(20)", rounds)}
    assert not certain_findings(recorded(tmp_path, **story), segment=0)


def test_the_command_may_say_how_many_passes_there_will_be(tmp_path):
    words = ("python", "train.py", "--epochs", "40")
    (found,) = certain_findings(
        recorded(tmp_path, **TOO_LONG, command=words), segment=0
    )
    assert "will end at 10% of its length" in found.message
    assert "--epochs 40" in found.cause


def test_a_cosine_that_will_climb_is_told_before_it_does(tmp_path):
    story = {
        "scheds": one(T_max=10, each_pass=1),
        "lr": cosine(10, 20),
        "source": LITERAL,
    }
    (found,) = certain_findings(recorded(tmp_path, **story, ended=False), segment=0)
    assert found.name == "cosine-past-T_max-climbs-back"
    assert "after 50% of the run" in found.message


@pytest.mark.parametrize(
    "more",
    [
        {"source": LITERAL + "        if bored:\n            break\n"},
        {"source": LITERAL.replace("20", "int(sys.argv[1])")},
        {
            "source": "for run in runs:\n"
            + "".join(f" {e}\n" for e in LITERAL.splitlines())
        },
        {"command": ("python", "train.py", "--max-steps", "100")},
        {"scheds": one(T_max=20, each_pass=1)},
        {"updates": 15},
        {"silent": True},
    ],
    ids=[
        "may break",
        "not literal",
        "loops around",
        "asked for",
        "fits",
        "few",
        "no loader",
    ],
)
def test_nothing_is_projected_that_is_not_certain(tmp_path, more):
    assert names(recorded(tmp_path, **{**TOO_LONG, **more})) == []


def cases(stories):
    return [
        pytest.param(story, id=f"{rule}, {name}")
        for rule, own in stories.items()
        for name, story in own.items()
    ]


def test_names_of_early_rules_are_names_of_rules():
    assert set(EARLY) <= {each.name for each in RULES}
    assert set(EARLY) >= ONLY_ERRORS


WRITTEN = {
    rule: own
    for family in (loops, metrics)
    for rule, own in family.FIRES.items()
    if rule in EARLY
}


def half_way(story, updates):
    """Return a story that is not at its end, and whose program says where that is."""
    whole = story.get("updates", 100)
    passes = max(1, whole // (story.get("per_pass", 20) or whole))
    source = story.get("source", PLAIN.replace("range(9)", f"range({passes})"))
    short = {"updates": min(updates, whole), "source": source}
    return {**story, **short, "ended": False, "raised": None}


@pytest.mark.parametrize("story", cases(WRITTEN))
@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_what_was_said_half_way_still_holds_at_the_end(tmp_path, story, share):
    updates = round(share * story.get("updates", 100))
    early = names(recorded(tmp_path / "half", **half_way(story, updates)))
    assert set(early) <= set(names_at_the_end(tmp_path, story))


@pytest.mark.parametrize("rule", WRITTEN)
def test_a_mistake_of_the_beginning_is_told_before_the_end(tmp_path, rule):
    for name, story in WRITTEN[rule].items():
        if "raised" not in story and "inert" not in name:
            late = half_way(story, round(0.95 * story.get("updates", 100)))
            assert rule in names(recorded(tmp_path / name, **late))


def test_a_rate_that_is_flat_so_far_may_fall_at_the_end(tmp_path):
    (story,) = [each for each in cases(WRITTEN) if each.id.endswith(", inert")]
    assert names(recorded(tmp_path, **half_way(*story.values, 95))) == []


@pytest.mark.parametrize("story", cases({**loops.QUIET, **metrics.QUIET}))
@pytest.mark.parametrize("updates", [25, 70])
def test_a_correct_run_is_not_accused_half_way(tmp_path, story, updates):
    run = recorded(tmp_path, **half_way(story, updates))
    own = set(names(run)) - set(names_at_the_end(tmp_path, story))
    assert own == set()


def names_at_the_end(tmp_path, story):
    return [
        e.name
        for e in lrscope.audit_run(recorded(tmp_path / "whole", **story)).findings
    ]


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(following, "PAUSE", 0.0)
    monkeypatch.setattr(following, "SHARE", 1e9)


def test_each_finding_is_told_once_as_soon_as_it_is_seen(tmp_path, quick):
    run = recorded(tmp_path, **TOO_LONG)
    told = queue.Queue()
    looks = threading.Semaphore(0)
    follower = following.Follower(run.path, 0, lambda *found: told.put(found), {})
    look = follower._look
    follower._look = lambda **how: (look(**how), looks.release())
    follower.start()
    finding, several = told.get(timeout=60)
    assert finding.name == "schedule-longer-than-run"
    assert not several
    for _ in range(3):
        assert looks.acquire(timeout=60)
    assert told.empty()
    follower._ended.set()
    follower._thread.join(timeout=60)


def test_what_is_ignored_is_not_told(tmp_path, quick):
    told = []
    run = recorded(tmp_path, **TOO_LONG)
    ignored = {"LR201": "we know", "LR002": "we know"}
    following.Follower(run.path, 0, told.append, ignored)._look(at_the_end=True)
    following.Follower(run.path, 0, told.append, ignored)._look(at_the_end=False)
    assert told == []


def test_a_run_that_cannot_be_read_is_left_alone(tmp_path):
    told = []
    follower = following.Follower(tmp_path / "nothing", 0, told.append, {})
    follower._look(at_the_end=False)
    follower._look(at_the_end=True)
    assert told == []


TRAINING = """
import sys, torch
from torch.utils.data import DataLoader
data = DataLoader(torch.ones(40, 2), batch_size=4)
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)
for epoch in range(8):
    for x in data:
        optimizer.zero_grad()
        model(x).mean().backward()
        optimizer.step()
        scheduler.step()
print("threads", __import__("threading").active_count())
sys.exit(7)
"""


def judged(folder, run, *command):
    words = [sys.executable, "-m", "lrscope", "run", "--audit", "-o", run, *command]
    return subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_real_training_keeps_its_output_and_exit_code_and_is_judged(tmp_path):
    (tmp_path / "train.py").write_text(TRAINING)
    done = judged(tmp_path, "run", sys.executable, "train.py")
    assert done.returncode == 7
    assert done.stdout == "threads 1\n"
    assert done.stderr.count("lrscope audit:") >= 1
    assert "T_max" in done.stderr
    assert "pid" not in done.stderr


def test_of_several_trainings_beside_each_other_a_finding_names_the_process(tmp_path):
    (tmp_path / "train.py").write_text(TRAINING)
    twice = f"{sys.executable} train.py & {sys.executable} train.py; wait"
    done = judged(tmp_path, "runs", "sh", "-c", twice)
    assert len(set(re.findall(r"pid \d+", done.stderr))) == 2, done.stderr


def test_an_error_of_configuration_is_told_before_the_command_begins(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.lrscope.ignore]\nLR203 = ""\n')
    words = [
        sys.executable,
        "-m",
        "lrscope",
        "run",
        "--audit",
        sys.executable,
        "-c",
        "print(1)",
    ]
    done = subprocess.run(
        words, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "needs a reason" in done.stderr
