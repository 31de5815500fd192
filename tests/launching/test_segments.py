"""A training that is continued with -o: how its segments follow one another."""

from __future__ import annotations

import csv
import io
import json

import pytest

import lrscope

RESUMED = """
import sys
import torch

steps, load, save = int(sys.argv[1]), sys.argv[2], sys.argv[3]
model = torch.nn.Linear(2, 1)
kind = torch.optim.SGD if "sgd" in sys.argv else torch.optim.AdamW
optimizer = kind(model.parameters(), lr=0.5)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
if load != "-":
    states = torch.load(load)
    optimizer.load_state_dict(states[0])
    scheduler.load_state_dict(states[1])
for step in range(steps):
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    scheduler.step()
    if step == steps - 3:
        torch.save([optimizer.state_dict(), scheduler.state_dict()], save)
if "full" in sys.argv:
    torch.save([optimizer.state_dict(), scheduler.state_dict()], save)
"""


@pytest.fixture
def trained(place):
    """Run the program again and again into one run; return what is shown of it."""

    def train(*commands):
        script = place.write(RESUMED)
        for each in commands:
            place.run("-o", "run", "python", script, *each.split())
        return shown(place)

    return train


def shown(place, *options):
    told = place.bare(*place.lrscope, "show", "run", "--json", *options)
    return json.loads(told.stdout)


@pytest.fixture
def told(trained):
    """Return what is said of segments."""
    return lambda *commands: trained(*commands)["segments"]


def test_the_steps_that_are_made_again_are_told(told):
    first, second = told("10 - a", "6 a b")
    assert first == "segment 0: updates 0 to 9, adamw/all 5.00e-01 → 9.77e-04"
    assert second == (
        "segment 1: updates 8 to 13, adamw/all 1.95e-03 → 6.10e-05; the last 2 of the "
        "one before are made again  (shown here)"
    )


def test_one_that_goes_on_where_the_other_ended(told):
    assert told("10 - a full", "6 a b")[1] == (
        "segment 1: updates 10 to 15, adamw/all 4.88e-04 → 1.53e-05; goes on where the "
        "one before ended  (shown here)"
    )


def test_one_that_begins_anew(told):
    assert told("5 - a", "5 - b")[1] == (
        "segment 1: updates 0 to 4, adamw/all 5.00e-01 → 3.12e-02; the optimizer began "
        "anew: it was given no state  (shown here)"
    )


def test_a_state_without_a_count_is_called_so(told):
    assert told("5 - a sgd", "5 a b sgd")[1].endswith(
        "; the optimizer's state was loaded, and counts no updates  (shown here)"
    )


def test_an_attempt_that_failed_does_not_hide_the_training(place, told):
    assert told("10 - a", "6 nowhere b") == [
        "segment 0: updates 0 to 9, adamw/all 5.00e-01 → 9.77e-04  (shown here)",
        "segment 1: no optimizer step",
    ]
    shown = place.bare(*place.lrscope, "show", "run", "--segment", "1")
    assert b"segment 1: no optimizer step" in shown.stdout


def test_of_one_segment_nothing_is_told(told):
    assert told("10 - a") == []


def test_a_segment_whose_steps_all_had_no_gradient_is_called_so(place, told):
    told("5 - a")
    place.run("-o", "run", place.write("optimizer.step()", "idle.py", trains=True))
    shown = place.bare(*place.lrscope, "show", "run")
    assert (shown.code, b"segment 1: no update" in shown.stdout) == (0, True)


def curve(page):
    [row] = page["rows"]
    return list(zip(*row["curve"], strict=True))


def test_the_curve_is_that_of_the_whole_training(place, trained):
    page = trained("6 - a", "6 nowhere b", "7 a b", "2 - c", "5 b c")
    assert page["joined"]
    assert curve(page) == [(step, 0.5 * 0.5**step) for step in range(14)]
    assert [page["rows"][0][key] for key in ("steps", "first")] == [5, 0.5 * 0.5**9]
    text = place.bare(*place.lrscope, "show", "run").stdout
    assert b"(update)" in text
    assert b"recorded process" not in text


def test_a_part_is_shown_alone_where_that_was_asked_for_and_losses_are_joined(place):
    script = place.write(RESUMED)
    for each in ("6 - a", "3 a b"):
        place.run("-o", "run", "--effective", "python", script, *each.split())
    text = place.bare(*place.lrscope, "show", "run").stdout
    assert b"moved at step 2 of this segment, the last of 3" in text
    steps, losses = shown(place)["losses"]["adamw"]
    assert (steps, len(losses)) == (list(range(7)), 7)
    for options in (["--segment", "1"], ["--steps", "0:3"], ["--segment", "0"]):
        page = shown(place, *options)
        assert not page["joined"]
        count = page["rows"][0]["steps"]
        assert [step for step, _ in curve(page)] == list(range(count))


def test_updates_are_counted_over_the_whole_training(place, trained):
    page = trained("6 - a", "3 a b", "3 - c sgd", "3 c d sgd")
    assert not page["joined"], "nobody knows how many updates came before"
    tracks = [each.tracks[0] for each in lrscope.read_run(place.path / "run").processes]
    assert [each.updates_before for each in tracks] == [0, 4, 0, None]
    told = place.bare(*place.lrscope, "export", "run", "--to", "csv")
    rows = list(csv.DictReader(io.StringIO(told.stdout.decode())))
    assert [(each["step"], each["update"]) for each in rows] == [
        *((str(step), str(step)) for step in range(6)),
        *((str(step), str(step + 4)) for step in range(3)),
        *((str(step), str(step)) for step in range(3)),
        *((str(step), "") for step in range(3)),
    ]
    anew = shown(place, "--segment", "2")
    assert [step for step, _ in curve(anew)] == [0, 1, 2]


SEVERAL = """
import sys
import torch

spare, first, second = [torch.nn.Linear(2, 1) for _ in range(3)]
unused = torch.optim.Adam(spare.parameters(), lr=0.9)
generator = torch.optim.Adam(first.parameters(), lr=0.3)
discriminator = torch.optim.Adam(second.parameters(), lr=0.1)
every = unused, generator, discriminator
if "load" in sys.argv:
    for optimizer, state in zip(every, torch.load("states")):
        optimizer.load_state_dict(state)
for step in range(4):
    for model, optimizer, times in ((second, discriminator, 2), (first, generator, 1)):
        for _ in range(times):
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
torch.save([each.state_dict() for each in every], "states")
"""


def test_each_optimizer_goes_on_from_its_own_state(place):
    """They are stepped in another order than they are made in, and one is not."""
    script = place.write(SEVERAL)
    for words in (["new"], ["load"]):
        place.run("-o", "run", "python", script, *words)
    page = shown(place)
    assert "updates 8 to 15, adam0/" in page["segments"][1]
    assert "goes on where the one before ended" in page["segments"][1]
    own = lrscope.read_run(place.path / "run").processes[1].tracks
    assert {each.name: each.updates_before for each in own} == {
        "adam0/all": 8,
        "adam1/all": 4,
    }


TWO = """
import subprocess, sys
for rate in sys.argv[2:]:
    subprocess.run([sys.executable, sys.argv[1], rate], check=True)
"""

ONE = """
import os, sys
import torch

rate = float(sys.argv[1])
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=rate)
if os.path.exists(f"{rate}.pt"):
    optimizer.load_state_dict(torch.load(f"{rate}.pt"))
for _ in range(6 if rate > 0.2 else 3):
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
torch.save(optimizer.state_dict(), f"{rate}.pt")
"""


def test_programs_of_one_run_go_on_from_themselves(place):
    both = place.write(TWO), place.write(ONE, "one.py")
    for _ in range(2):
        place.run("-o", "run", "python", *both, "0.25", "0.125")
    run = lrscope.read_run(place.path / "run")
    for process in run.processes[2:]:
        page = shown(place, "--pid", str(process.pid), "--segment", "1")
        [track] = process.tracks
        count = len(track)
        line = f"updates {count} to {2 * count - 1}, adam/all"
        assert line in page["segments"][1]
        assert page["segments"][1].endswith("(shown here)")
        assert f" {track.applied[0]:.2e} " in page["segments"][0]


CHECKPOINTED = """
import sys
import torch
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict

steps, load = int(sys.argv[1]), sys.argv[2] == "load"
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.5)
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=10)
if load:  # makes a step at rate 0, to have a state
    weights, state, position = torch.load("saved", weights_only=False)
    set_state_dict(
        model, optimizer, model_state_dict=weights, optim_state_dict=state
    )
    scheduler.load_state_dict(position)
for _ in range(steps):
    model(torch.ones(1, 2)).square().sum().backward()
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
torch.save([*get_state_dict(model, optimizer), scheduler.state_dict()], "saved")
"""


def test_a_step_that_only_makes_a_state_to_load_into_is_none_of_the_training(place):
    script = place.write(CHECKPOINTED)
    for words in (["5", "new"], ["5", "load"]):
        place.run("-o", "run", "python", script, *words)
    page = shown(place)
    assert "updates 5 to 9, " in page["segments"][1]
    assert "goes on where the one before ended" in page["segments"][1]
    assert page["joined"]
    steps, rates = zip(*curve(page), strict=True)
    assert steps == tuple(range(10))
    assert rates == pytest.approx([0.5 - 0.05 * step for step in range(10)])
    assert lrscope.audit_run(place.path / "run").findings == ()
