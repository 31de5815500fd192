"""A program under ``lrscope run`` sees, reads and writes what it does bare."""

from __future__ import annotations

import json
import os

import pytest

LOOK = """
import json, os, pickle, random, signal, sys, threading, warnings
{middle}

class Point:
    def __init__(self, x):
        self.x = x

main = sys.modules["__main__"]
json.dump({{
    "argv": sys.argv,
    "orig_argv": sys.orig_argv[1:],
    "path": sys.path,
    "flags": str(sys.flags),
    "executable": sys.executable,
    "file": main.__file__,
    "name": __name__,
    "spec": [getattr(main.__spec__, each, None) for each in ("name", "origin", "cached")],
    "package": main.__package__,
    "environment": dict(os.environ),
    "directory": os.getcwd(),
    "group": [os.getpgrp(), os.getsid(0)],
    "mask": sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))),
    "handlers": [str(signal.getsignal(each)) for each in (1, 2, 15)],
    "filters": str(warnings.filters),
    "hooks": [sys.excepthook is sys.__excepthook__, str(sys.gettrace()), str(sys.getprofile())],
    "threads": threading.active_count(),
    "random": {random},
    "pickle": pickle.dumps(Point(3)).hex(),
    "unpickled": type(pickle.loads(pickle.dumps(Point(3)))) is Point,
    "sitecustomize": "sitecustomize" in sys.modules,
    "modules": {modules},
}}, sys.stdout)
"""
WITH_TORCH = LOOK.format(
    middle="torch.manual_seed(1); random.seed(1); train(3)",
    random="[random.random(), torch.rand(3).tolist()]",
    modules="sorted(each for each in sys.modules if each.startswith('click'))",
)
WITHOUT_TORCH = LOOK.format(
    middle="random.seed(1)",
    random="random.random()",
    modules="sorted(each for each in sys.modules if each.split('.')[0] not in ('importlib', 'collections', 'contextlib'))",
)


def _seen(ended):
    seen = json.loads(ended.stdout)
    environment = seen["environment"]
    for name in [each for each in environment if each.startswith("LRSCOPE_")]:
        del environment[name]
    environment.pop("PYTHONPATH", None)
    return seen


@pytest.mark.parametrize("trains", [True, False], ids=["training", "without torch"])
@pytest.mark.parametrize("form", ["script", "module"])
def test_the_program_sees_the_same_world(place, form, trains):
    body = WITH_TORCH if trains else WITHOUT_TORCH
    if form == "script":
        command = ["python", place.write(body, "deep/train.py", trains=trains)]
    else:
        place.write("", "package/__init__.py")
        place.write(body, "package/train.py", trains=trains)
        command = ["python", "-m", "package.train"]
    place.write("", "elsewhere/__init__.py")
    given = os.pathsep.join([str(place.path / "elsewhere"), "relative"])
    arguments = ["--lr", "0.1", "a b", "", "--", "-o", "ü"]
    bare, recorded = place.twins(*command, *arguments, PYTHONPATH=given)
    assert recorded.code == bare.code == 0
    assert _seen(recorded) == _seen(bare)


def test_a_program_sees_the_same_path_where_none_was_set(place):
    script = place.write("import sys; print(sys.path)", "deep/train.py")
    bare, recorded = place.twins("python", script)
    assert recorded.stdout == bare.stdout


def test_standard_streams_are_passed_byte_for_byte(place):
    script = place.write("""
        import sys
        data = sys.stdin.buffer.read()
        sys.stdout.buffer.write(data[::-1])
        sys.stderr.buffer.write(data + data)
        """)
    everything = bytes(range(256)) * 300
    bare, recorded = place.twins("python", script, stdin=everything)
    assert recorded.stdout == bare.stdout == everything[::-1]
    assert recorded.stderr.startswith(bare.stderr)
    assert recorded.stderr[len(bare.stderr) :].startswith(b"lrscope: ")


CUSTOM = """
import sys
MARK = "theirs"
if "lrscope" not in sys.orig_argv:  # the launcher is a Python, too
    print("custom", __name__, __file__, file=sys.stderr)
    assert sys.modules["sitecustomize"].MARK == MARK
"""
FAILING = """
import sys
if "lrscope" not in sys.orig_argv:
    raise RuntimeError("broken")
"""


def test_an_existing_sitecustomize_still_runs_once(place):
    place.write(CUSTOM, "custom/sitecustomize.py")
    script = place.write(
        """
        import sitecustomize
        train(2)
        print(sitecustomize.MARK, sitecustomize.__file__, sitecustomize.__spec__.name)
        """,
        trains=True,
    )
    custom = str(place.path / "custom")
    bare, recorded = place.twins("python", script, PYTHONPATH=custom)
    assert bare.code == recorded.code == 0
    assert recorded.stdout == bare.stdout
    assert recorded.theirs == bare.stderr
    assert bare.stderr.count(b"custom sitecustomize") == 1
    assert place.applied() == [place.halves[:2]]


def test_a_sitecustomize_that_fails_fails_as_it_does_bare(place):
    place.write(FAILING, "custom/sitecustomize.py")
    script = place.write("train(2); print('trained')", trains=True)
    custom = str(place.path / "custom")
    bare, recorded = place.twins("python", script, PYTHONPATH=custom)
    assert b"broken" in bare.stderr
    assert recorded.theirs == bare.stderr
    assert recorded.stdout == bare.stdout
    assert place.applied() == [place.halves[:2]]


def test_a_usercustomize_and_path_files_are_left_alone(place):
    place.write("print('user', __file__)", "custom/usercustomize.py")
    script = place.write("import sys; print('usercustomize' in sys.modules)")
    custom = str(place.path / "custom")
    bare, recorded = place.twins("python", script, PYTHONPATH=custom)
    assert recorded.stdout == bare.stdout


WARNING = """
import warnings
scheduler.step()  # too early: torch warns
train(2)
scheduler.step(5)  # deprecated argument: torch warns
def mine():
    warnings.warn("mine", stacklevel=2)
mine()
torch.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5)
optimizer.load_state_dict(optimizer.state_dict())
model(torch.ones(1, 2)).sum().backward(create_graph=True)
"""


SAVED = """
import io, sys
torch.manual_seed(0)
model = torch.nn.Linear(2, 1)
model.register_forward_hook(print)  # has a number
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model(torch.ones(1, 2)).sum().backward()
optimizer.step()
file = io.BytesIO()
torch.save(model, file)
sys.stdout.buffer.write(file.getvalue())
"""


def test_warnings_have_the_same_text_and_place(place):
    script = place.write(WARNING, trains=True)
    bare, recorded = place.twins("python", "-W", "always", script)
    assert recorded.theirs == bare.stderr
    assert bare.stderr.count(b"train.py:") == 3
    assert b"lr_scheduler.step()" in bare.stderr


def test_a_warning_that_was_shown_is_not_shown_again(place):
    often = (
        "import warnings\nfor _ in range(3):\n    warnings.warn('mine')\n    train(1)\n"
    )
    bare, recorded = place.twins("python", place.write(often, trains=True))
    assert recorded.theirs == bare.stderr
    assert bare.stderr.count(b"UserWarning: mine") == 1


@pytest.mark.parametrize("options", [(), ("--effective", "--print", "step")])
def test_a_pickled_module_is_the_same_byte_for_byte(place, options):
    script = place.write(SAVED, trains=True)
    bare = place.bare("python", script)
    recorded = place.run("-o", "run", *options, "python", script)
    assert recorded.stdout == bare.stdout != b""


def test_warnings_as_errors_end_the_program_with_the_same_last_words(place):
    script = place.write("scheduler.step()\ntrain(2)", trains=True)
    bare, recorded = place.twins("python", "-W", "error::UserWarning", script)
    assert bare.code == recorded.code == 1
    assert recorded.theirs.splitlines()[-1] == bare.stderr.splitlines()[-1]
    assert b"UserWarning" in bare.stderr


def test_nothing_is_written_beside_the_program(place):
    script = place.write(
        "import os; train(2); print(sorted(os.listdir('.')))", trains=True
    )
    bare = place.bare("python", script)
    elsewhere = place.path.parent / "elsewhere"
    recorded = place.run("-o", str(elsewhere), "python", script)
    assert recorded.stdout == bare.stdout
    assert place.applied(elsewhere) == [place.halves[:2]]


@pytest.mark.parametrize("flag", ["-I", "-E", "-S"])
def test_an_isolated_python_runs_as_it_does_bare_and_the_warning_says_why(place, flag):
    script = place.write("import sys; print(sys.flags); sys.exit(4)")
    bare, recorded = place.twins("python", flag, script)
    assert (recorded.code, recorded.stdout) == (bare.code, bare.stdout)
    assert "isolated" in recorded.ours
