"""lrscope in one environment, the program in another; and in an older Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import lrscope

PACKAGE = Path(lrscope.__file__).parent
IN_THE_PROGRAM = ["errors.py", "__init__.py", "recording/*.py", "capture/**/*.py"]
READERS = {
    "chunk.py",
    "contents.py",
    "events.py",
    "history.py",
    "process.py",
    "rowset.py",
    "run.py",
    "track.py",
}
"""Files of ``recording`` that only read, or that the writer uses only beside NumPy."""

VISIBLE = """torch torchgen functorch typing_extensions.py sympy mpmath filelock networkx
jinja2 markupsafe fsspec numpy numpy.libs setuptools"""


@pytest.fixture
def stranger(tmp_path):
    """Return the Python of a fresh environment that sees torch and little else."""
    torch = pytest.importorskip("torch")
    home = tmp_path / "stranger"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(home)], check=True
    )
    installed = Path(torch.__file__).parents[1]
    visible = home / "visible"
    visible.mkdir()
    for name in VISIBLE.split():
        if (installed / name).exists():
            (visible / name).symlink_to(installed / name)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "torch.pth").write_text(f"{visible}\n")
    return str(home / "bin" / "python"), visible


CHILD = """
import os, sys
train(3)
import lrscope
folder = os.path.dirname(lrscope.__file__)
for name in ("click", "rich", "plotille", "pytest", "lrscope.cli.main"):
    try:
        __import__(name)
    except ImportError:
        print("no", name)
print(sys.prefix, "numpy" in sys.modules, folder in str(sys.path))
"""


@pytest.mark.parametrize("numpy", [True, False], ids=["with NumPy", "without NumPy"])
def test_a_program_in_another_environment_gets_the_package_and_nothing_else(
    place, stranger, numpy
):
    python, visible = stranger
    if not numpy:
        for each in visible.glob("numpy*"):
            each.unlink()
    script = place.write(CHILD, trains=True)
    bare = place.bare(python, "-W", "ignore", "-c", "import lrscope")
    assert b"No module named 'lrscope'" in bare.stderr
    done = place.run("-o", "run", python, "-W", "ignore", script)
    assert done.code == 0, done.stderr.decode()
    lines = done.stdout.decode().splitlines()
    assert lines[:5] == [
        f"no {each}"
        for each in ("click", "rich", "plotille", "pytest", "lrscope.cli.main")
    ]
    assert lines[5] == f"{Path(python).parents[1]} {numpy} False"
    assert done.theirs == b""
    assert place.applied() == [place.halves[:3]]
    (process,) = lrscope.read_run(place.run_directory).processes
    assert bool(process.head["numpy"]) == numpy


def _older_python() -> str | None:
    candidates = [
        shutil.which("python3.9"),
        *Path.home().glob(".pyenv/versions/3.9*/bin/python3.9"),
    ]
    for each in filter(None, candidates):
        asked = subprocess.run(
            [str(each), "--version"], capture_output=True, text=True, check=False
        )
        if asked.stdout.startswith("Python 3.9"):
            return str(each)
    return None


@pytest.fixture(scope="module")
def python39():
    """Return a Python 3.9, the oldest in which the recorder must work."""
    return _older_python() or pytest.skip("there is no Python 3.9 here")


def _files() -> list[Path]:
    every = {file for pattern in IN_THE_PROGRAM for file in PACKAGE.glob(pattern)}
    return sorted(
        each
        for each in every
        if each.parent.name != "recording" or each.name not in READERS
    )


def test_what_runs_in_the_program_compiles_in_python_3_9(python39):
    files = _files()
    assert len(files) > 15
    check = "import sys\nfor each in sys.argv[1:]: compile(open(each, encoding='utf-8').read(), each, 'exec')"
    done = subprocess.run(
        [python39, "-c", check, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


STUB = {
    "__init__.py": "__version__ = '0'\nclass Tensor: pass\nimport torch.autograd, torch.optim\n",
    "autograd.py": "def backward(*tensors): pass\n",
    "optim/__init__.py": "from torch.optim.optimizer import Optimizer, SGD\nfrom torch.optim import lr_scheduler\n",
    "optim/optimizer.py": """
        import weakref
        from collections import OrderedDict

        befores, afters = OrderedDict(), OrderedDict()

        class Handle:
            def __init__(self, hooks, hook):
                self.id, self.hooks_dict_ref = len(hooks), weakref.ref(hooks)
                hooks[self.id] = hook
            def remove(self):
                del self.hooks_dict_ref()[self.id]

        def register_optimizer_step_pre_hook(hook):
            return Handle(befores, hook)

        def register_optimizer_step_post_hook(hook):
            return Handle(afters, hook)

        class Parameter:
            grad, dtype, shape, requires_grad, is_cuda = 1.0, "float32", (1,), True, False
            def numel(self):
                return 1

        class Optimizer:
            def __init__(self, params, defaults):
                self.param_groups = []
                self.add_param_group({"params": list(params), **defaults})
            def add_param_group(self, group):
                self.param_groups.append(group)
            def load_state_dict(self, state):
                pass
            def step(self):
                for hook in befores.values():
                    hook(self, (), {})
                for hook in afters.values():
                    hook(self, (), {})

        class SGD(Optimizer):
            def __init__(self, params, lr):
                super().__init__(params, {"lr": lr, "momentum": 0.0})
        """,
    "optim/lr_scheduler.py": """
        class LRScheduler:
            def __init__(self, optimizer, last_epoch=-1):
                self.optimizer = optimizer
            def step(self, epoch=None):
                for group in self.optimizer.param_groups:
                    group["lr"] = group["lr"] * 0.5
            def load_state_dict(self, state):
                pass

        class Halving(LRScheduler):
            pass
        """,
}
OLD_PROGRAM = """
import sys
assert sys.version_info[:2] == (3, 9)
import torch.optim
optimizer = torch.optim.SGD([torch.optim.optimizer.Parameter()], lr=0.5)
scheduler = torch.optim.lr_scheduler.Halving(optimizer)
for _ in range(int(sys.argv[1])):
    torch.autograd.backward()
    optimizer.step()
    scheduler.step()
"""


@pytest.mark.parametrize("steps", [4, 300_000])
def test_a_program_on_python_3_9_is_recorded(place, python39, steps):
    for name, text in STUB.items():
        place.write(dedent(text), f"torch/{name}")
    script = place.write(OLD_PROGRAM)
    done = place.run("-o", "run", python39, script, str(steps))
    assert (done.code, done.theirs) == (0, b"")
    (process,) = lrscope.read_run(place.run_directory).processes
    assert process.head["python"].startswith("3.9.")
    assert process.ended
    (track,) = process.tracks
    rate, expected = 0.5, []
    for _ in range(steps):
        expected.append(rate)
        rate *= 0.5
    assert track.applied.tolist() == expected
    assert process.ratio().scheduler_steps == process.ratio().backward_calls == steps


def test_a_python_that_is_too_old_runs_unrecorded_and_unharmed(place):
    found = sorted(Path.home().glob(".pyenv/versions/3.[678].*/bin/python3"))
    found += [Path(each) for each in (shutil.which("python3.8"),) if each]
    runs = [
        str(each)
        for each in found
        if subprocess.run([each, "-c", ""], check=False, capture_output=True).returncode
        == 0
    ]
    if not runs:
        pytest.skip("there is no Python older than 3.9 here")
    for name, text in STUB.items():
        place.write(dedent(text), f"torch/{name}")
    script = place.write(
        OLD_PROGRAM.replace("== (3, 9)", "< (3, 9)")
        + "print(sorted(sys.path)[-1], len(sys.path))"
    )
    bare, recorded = place.twins(runs[0], script, "3")
    assert (recorded.code, recorded.stdout, recorded.theirs) == (
        bare.code,
        bare.stdout,
        bare.stderr,
    )
    assert "older than 3.9" in recorded.ours
    assert not place.run_directory.exists()
    assert os.path.exists(place.path / script)
