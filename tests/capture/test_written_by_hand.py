"""A rate that no scheduler wrote is told with the line that wrote it."""

from __future__ import annotations

import importlib
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

import lrscope
from lrscope.recording import events

START = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(2, 1)

def train_once(optimizer):
    optimizer.zero_grad()
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()

"""

NANOGPT = """
def train():
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    for it in range(4):
        lr = 0.1 / (it + 1)
        for param_group in optimizer.param_groups:
            param_group['lr'] = lr  # HERE
        train_once(optimizer)
"""

OWN_SCHEDULER = """
class Noam:
    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.count = 0

    def step(self):
        self.count += 1
        for group in self.optimizer.param_groups:
            group["lr"] = 1.0 / self.count  # HERE

def train():
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    noam = Noam(optimizer)
    for _ in range(4):
        noam.step()
        train_once(optimizer)
"""

OWN_OPTIMIZER = """
class Decaying(torch.optim.SGD):
    def step(self, closure=None):
        result = super().step(closure)
        for group in self.param_groups:
            group["lr"] *= 0.5  # HERE
        return result

def train():
    optimizer = Decaying(model.parameters(), lr=0.1)
    for _ in range(4):
        train_once(optimizer)
"""

UPDATED = """
def train():
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for it in range(4):
        optimizer.param_groups[0].update(lr=0.5 ** it)  # HERE
        train_once(optimizer)
"""

WITH_A_SCHEDULER_TOO = """
def train():
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    for it in range(8):
        train_once(optimizer)
        if it % 2:
            scheduler.step()
        elif it < 6:
            optimizer.param_groups[0]['lr'] *= 0.9  # HERE
"""

BESIDE_AN_UNUSED_ONE = """
def train():
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    unused = torch.optim.Adam(model.parameters())
    also = torch.optim.Adam(optimizer.param_groups)
    for it in range(4):
        for group in optimizer.param_groups:
            group['lr'] = 0.1 / (it + 1)  # HERE
        train_once(optimizer)
"""

INSIDE_ANOTHER = """
class Around(torch.optim.Optimizer):
    def __init__(self, *inner):
        super().__init__(model.parameters(), {})
        self.inner = inner

    def step(self):
        for each in self.inner:
            each.step()

def train():
    one = torch.optim.SGD([model.weight], lr=0.1)
    around = Around(one, torch.optim.SGD([model.bias], lr=0.1))
    for it in range(4):
        for group in one.param_groups:
            group['lr'] = 0.1 / (it + 1)  # HERE
        train_once(around)
"""

BESIDE_A_LOGGER = """
class Logger:
    def update(self, **values):
        self.values = values

def train():
    logger = Logger()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for it in range(4):
        optimizer.param_groups[0]['lr'] = 0.1 / (it + 1)  # HERE
        train_once(optimizer)
        logger.update(lr=optimizer.param_groups[0]['lr'])
"""

PROGRAMS = {
    "beside a logger": BESIDE_A_LOGGER,
    "beside an optimizer that is not used": BESIDE_AN_UNUSED_ONE,
    "to one of two inside another": INSIDE_ANOTHER,
    "as nanoGPT does": NANOGPT,
    "by a class in the same file": OWN_SCHEDULER,
    "by an optimizer in its step": OWN_OPTIMIZER,
    "by update": UPDATED,
    "beside a scheduler": WITH_A_SCHEDULER_TOO,
}


def _place_of(path):
    lines = Path(path).read_text().splitlines()
    return str(path), next(n for n, text in enumerate(lines, 1) if "# HERE" in text)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_rate_written_by_hand_is_told_with_its_line(
    recorded, tmp_path, monkeypatch, name
):
    path = tmp_path / "program_of_a_user.py"
    path.write_text(START + PROGRAMS[name])
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    program = importlib.import_module(path.stem)
    try:
        _, run = recorded(program.train)
    finally:
        del sys.modules[path.stem]
    written = run.main.events.of(events.RateWritten)
    assert len(written) == 3
    assert {each.where for each in written} == {(_place_of(path),)}
    by_hand = {
        k: v
        for k, v in run.main.tracks[0].changed_by.items()
        if k.startswith("by hand")
    }
    assert by_hand == {f"by hand (program_of_a_user.py:{_place_of(path)[1]})": 3}


def _run(tmp_path, script):
    command = [
        sys.executable,
        "-m",
        "lrscope",
        "run",
        "-o",
        str(tmp_path / "run"),
        str(script),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return lrscope.read_run(tmp_path / "run")


def test_a_rate_written_in_another_module_of_the_program_is_told(tmp_path):
    other = tmp_path / "schedule.py"
    other.write_text(
        'def set_rate(optimizer, rate):\n    optimizer.param_groups[0]["lr"] = rate  # HERE\n'
    )
    script = tmp_path / "train.py"
    script.write_text(
        START
        + textwrap.dedent("""
        import schedule
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for it in range(3):
            train_once(optimizer)
            schedule.set_rate(optimizer, 0.5 ** it)
    """)
    )
    run = _run(tmp_path, script)
    assert {each.where for each in run.main.events.of(events.RateWritten)} == {
        (_place_of(other),)
    }


def test_a_program_in_a_folder_called_torch_is_still_the_users(tmp_path):
    script = tmp_path / "torch" / "train.py"
    script.parent.mkdir()
    script.write_text(
        "import sys; del sys.path[0]\n"
        + START
        + textwrap.dedent("""
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for it in range(3):
            for group in optimizer.param_groups: group["lr"] = 0.5 ** it  # HERE
            train_once(optimizer)
    """)
    )
    run = _run(tmp_path, script)
    [made] = run.main.events.of(events.OptimizerConstructed)
    assert made.where is not None
    assert made.where[0] == str(script)
    written = run.main.events.of(events.RateWritten)
    assert {each.where for each in written} == {(_place_of(script),)}


def test_two_loops_that_write_by_hand_are_told_apart(tmp_path, monkeypatch):
    code = START + textwrap.dedent(
        """
        def first(optimizer):
            for it in range(3):
                optimizer.param_groups[0]["lr"] = 0.1 / (it + 1)  # ONE
                train_once(optimizer)

        def second(optimizer):
            for it in range(3):
                optimizer.param_groups[0]["lr"] = 0.2 / (it + 1)  # TWO
                train_once(optimizer)

        def train():
            optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
            train_once(optimizer)
            first(optimizer)
            second(optimizer)
        """
    )
    (tmp_path / "two_loops.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("two_loops")
    with lrscope.record(tmp_path / "run"):
        module.train()
    written = lrscope.read_run(tmp_path / "run").main.events.of(events.RateWritten)
    lines = code.splitlines()
    marks = [
        lines[line - 1].rsplit("# ", 1)[1]
        for each in written
        for _, line in each.where[:1]
    ]
    assert marks == ["ONE"] * 3 + ["TWO"] * 3


UNUSED = """
class Unused:
    def step(self, optimizer):
        for group in optimizer.param_groups:
            group["lr"] = 0.5
"""

HIDDEN = """
def train():
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for it in range(4):
        optimizer.param_groups[0].__setitem__("l" + "r", 0.5 ** it)
        train_once(optimizer)
"""

USED_ELSEWHERE = """
class Used:
    def turn_down(self, optimizer):
        optimizer.param_groups[0]["lr"] *= 0.5  # HERE

used = Used()

def train():
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(4):
        train_once(optimizer)
        used.turn_down(optimizer)
"""


@pytest.mark.parametrize(
    ("code", "is_named"), [(UNUSED + HIDDEN, False), (UNUSED + USED_ELSEWHERE, True)]
)
def test_a_method_of_a_class_without_an_instance_wrote_nothing(
    tmp_path, code, is_named
):
    script = tmp_path / "train.py"
    script.write_text(START + code + "\ntrain()\n")
    written = _run(tmp_path, script).main.events.of(events.RateWritten)
    expected = (_place_of(script),) if is_named else ()
    assert {each.where for each in written} == {expected}


INSTALLED = """
import torch

class Decaying(torch.optim.SGD):
    def step(self, closure=None):
        super().step(closure)
        self.param_groups[0]["lr"] *= 0.5  # HERE

class Unused:
    def step(self, optimizer):
        optimizer.param_groups[0]["lr"] = 0.5
"""


@pytest.mark.parametrize(("cls", "is_named"), [("Decaying", True), ("SGD", False)])
def test_an_installed_package_wrote_only_what_is_in_use(tmp_path, cls, is_named):
    package = tmp_path / "site-packages" / "some_optim.py"
    package.parent.mkdir()
    package.write_text(INSTALLED)
    script = tmp_path / "train.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(package.parent)!r})\n"
        + START
        + textwrap.dedent(f"""
        from torch.optim import SGD
        from some_optim import Decaying, Unused
        optimizer = {cls}(model.parameters(), lr=0.1)
        for it in range(4):
            train_once(optimizer)
            if type(optimizer) is SGD:
                optimizer.param_groups[0].__setitem__("l" + "r", 0.5 ** it)
    """)
    )
    written = _run(tmp_path, script).main.events.of(events.RateWritten)
    expected = (_place_of(package),) if is_named else ()
    assert {each.where for each in written} == {expected}


def test_a_rate_written_after_a_scheduler_that_moves_momentum_is_told(recorded):
    def train():
        model = torch.nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=20)
        for step in range(12):
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
            scheduler.step()
            if step in (5, 8):
                optimizer.param_groups[0]["lr"] *= 0.1

    _, run = recorded(train)
    (written,) = run.main.history.items("rate_written").values()
    (file, _line), *_ = written["where"]
    assert file == __file__
    assert run.main.history.count("rate_written") == 2
