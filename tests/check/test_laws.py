"""What holds for every program: nothing is raised, and strange code accuses nobody."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrscope.check.check import check_source, files_in
from lrscope.check.program import Program
from lrscope.check.rules import STATIC_RULES
from lrscope.check.source import Unreadable, read_source, source_of

STDLIB = Path(sysconfig.get_paths()["stdlib"])
PARTS = """\
opt = torch.optim.SGD(p, lr=0.1)
sched = StepLR(opt, 3)
sched = f(sched)
opt, sched = sched, opt
x = y = (opt, (sched, None))
a, (b, *c) = x
opt.step()
sched.step()
sched.step(x[1])
def f(s, *a, t=sched, **k): return g(s) if k else (s, t)
def g(s): return f(s)
def h(): yield sched
async def k(): await h(opt)
class A(B, metaclass=C): sched = StepLR(opt, 3)
class A:
  def __init__(self, s): self.s = s; self.t = self.s
  def m(self): return self.s.get_lr(), A(self.s).m()
for sched in [sched]: sched.step(); opt.step()
while (z := StepLR(opt, 3)): z.step(z)
with f(opt) as sched: del sched
try: opt.load_state_dict(sched.load_state_dict(x))
except* ValueError as sched: opt.lr = sched
match sched:
  case StepLR(opt) as y: y.step()
  case {"a": [opt, *sched], **rest}: global_ = rest
lambda s=sched: (s.step(), [s for s in s if s for s in s])
import torch.optim as torch
from torch.optim.lr_scheduler import *
from torch.optim.lr_scheduler import StepLR
from . import sched
opt.defaults["lr"] += sched[opt][0] ** 10 ** 10 ** 10
LinearLR(*opt, **sched); ChainedScheduler([sched, *x]); MultiStepLR(opt, [1e999, "x"])
global opt
print(f"{sched!r:{opt}}")
"""


def pieces():
    """Return statements, each with what belongs into it."""
    found, lines = [], []
    for line in PARTS.splitlines():
        joined = line.startswith((" ", "except"))
        if lines and not joined:
            found.append("\n".join(lines))
            lines = []
        lines.append(line)
    return [*found, "\n".join(lines)]


def indented(text):
    return "\n".join("  " + line for line in text.splitlines())


programs = st.recursive(
    st.lists(st.sampled_from(pieces()), min_size=1, max_size=12).map("\n".join),
    lambda inner: st.tuples(
        st.sampled_from(
            ["def f(opt, sched=1):", "for x in y:", "if sched:", "class A:"]
        ),
        inner,
        inner,
    ).map(lambda each: f"{each[0]}\n{indented(each[1])}\n{each[2]}"),
    max_leaves=6,
)


@given(programs)
def test_no_program_makes_a_check_raise(text):
    source = source_of(
        "import torch\nfrom torch.optim.lr_scheduler import (StepLR, LinearLR,\n"
        "  ChainedScheduler, MultiStepLR)\n" + text
    )
    if not isinstance(source, Unreadable):
        check_source(source)


@given(st.text())
def test_no_text_makes_a_check_raise(text):
    source = source_of("import torch  # lrscope:" + text)
    if not isinstance(source, Unreadable):
        check_source(source)


@given(st.binary())
def test_no_bytes_make_the_reader_raise(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("a.py", "a.ipynb"):
        (folder / name).write_bytes(content)
        read_source(folder / name)


def test_circles_of_functions_end_and_accuse_nobody():
    names = [f"f{number}" for number in range(60)]
    circle = [
        f"def {a}(s): return {', '.join(f'{b}(s)' for b in names)}" for a in names
    ]
    text = "import torch\nopt = torch.optim.SGD(p, lr=1)\n"
    text += "s = f0(torch.optim.lr_scheduler.StepLR(opt, 3))\nopt.step()\n"
    source = source_of(text + "\n".join(circle))
    assert check_source(source) == ([], [])


def test_adding_a_comment_or_a_blank_line_changes_no_finding():
    text = "import torch\no = torch.optim.SGD(p, lr='1')\n"
    plain, _ = check_source(source_of(text))
    spaced, _ = check_source(source_of(text.replace("\n", "  # x\n\n")))
    assert [each.name for each in plain] == [each.name for each in spaced] != []


def judged(paths):
    """Judge files as if each were about training; return what is found in them."""
    found = []
    for path in paths:
        source = read_source(path)
        if not isinstance(source, Unreadable):
            program = Program(source)
            found += [
                (path, rule.name) for rule in STATIC_RULES for _ in rule.find(program)
            ]
    return found


def test_a_part_of_the_standard_library_has_no_findings():
    assert judged((STDLIB / "asyncio").glob("*.py")) == []
    assert judged((STDLIB / "unittest").glob("*.py")) == []


@pytest.mark.slow
def test_the_whole_standard_library_has_no_findings():
    folders = ("test", "idlelib", "site-packages", "lib2to3")
    paths = [each for each in files_in([STDLIB]) if not {*folders} & {*each.parts}]
    assert len(paths) > 400
    assert judged(paths) == []


def test_torchs_own_optimizers_have_no_findings():
    torch = pytest.importorskip("torch")
    folder = Path(torch.__file__).parent / "optim"
    assert judged(files_in([folder])) == []


@pytest.mark.slow
def test_scikit_learn_has_no_findings():
    sklearn = pytest.importorskip("sklearn")
    assert judged(files_in([Path(sklearn.__file__).parent])) == []


def test_every_node_has_its_scope_and_parent():
    source = source_of(Path(ast.__file__).read_text(encoding="utf-8"))
    tree = Program(source).tree
    assert {*tree.nodes} == {*ast.walk(source.module)}
    assert {*tree.parents} == {*tree.nodes} - {source.module}
