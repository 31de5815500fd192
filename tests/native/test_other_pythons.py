"""native/ compiles for every Python that lrscope runs on, and records the same there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import lrscope

from .contents import told
from .stub import PROGRAM, STUB

pytestmark = pytest.mark.slow

PACKAGE = Path(lrscope.__file__).parent
NATIVE = Path(__file__).parents[2] / "native"
VERSIONS = ["3.9", "3.10", "3.11", "3.12", "3.13"]
BESIDE = Path(sys.base_prefix).parent  # where pyenv keeps one Python beside the other
ASKED = """
import sysconfig
print(sysconfig.get_path("include"), sysconfig.get_config_var("EXT_SUFFIX"))
"""
STEPS = 300


def _python(version):
    found = sorted(BESIDE.glob(f"{version}.*/bin/python{version}"))
    return str(found[0]) if found else pytest.skip(f"there is no Python {version} here")


def _run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)


def _compile(python, folder):
    compiler = shutil.which("cc") or pytest.skip("there is no C compiler here")
    include, suffix = _run(python, "-c", ASKED).stdout.split()
    if not Path(include, "Python.h").exists():
        pytest.skip("this Python has no headers")
    built = _run(
        compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror",
        '-DSOURCE="test"', f"-I{include}", *map(str, sorted(NATIVE.glob("*.c"))),
        "-o", str(folder / f"_native{suffix}"),
    )  # fmt: skip
    assert built.returncode == 0, built.stderr


@pytest.fixture(params=VERSIONS)
def train(request, tmp_path):
    """Return how to train in another Python, with or without C."""
    python = _python(request.param)
    libraries = tmp_path / "libraries"
    ignored = shutil.ignore_patterns("__pycache__", "*.so")
    shutil.copytree(PACKAGE, libraries / "lrscope", ignore=ignored)
    _compile(python, libraries / "lrscope")
    for name, text in STUB.items():
        path = libraries / "torch" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    program = tmp_path / "train.py"
    program.write_text(PROGRAM)

    def run(native):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        environment = {
            **clean, "PYTHONPATH": str(libraries), "LRSCOPE_NATIVE": native,
            "PYTHONMALLOC": "debug" if native == "1" else "default",
        }  # fmt: skip
        directory = tmp_path / f"run-{native}"
        done = _run(
            python, "-W", "error", "-X", "dev", str(program), str(directory), str(STEPS),
            env=environment,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout), told(directory)

    return run


def test_c_and_python_record_the_same_in_every_python(train):
    in_c, recorded_in_c = train("1")
    in_python, recorded_in_python = train("0")
    assert in_python["native"] is None
    assert in_c["native"]
    assert in_c["calls"] < in_python["calls"] / 2
    assert in_c["grown"] < 300
    [left], [right] = recorded_in_c, recorded_in_python
    assert len(left["tracks"]) > 9
    for key, value in left.items():
        if key != "head":
            assert value == right[key], key
    assert left["head"]["python"] == right["head"]["python"] != sys.version


def test_a_program_without_the_compiled_module_is_recorded_as_well(train, tmp_path):
    for each in (tmp_path / "libraries" / "lrscope").glob("_native*"):
        each.unlink()
    told_by_program, [recorded] = train("1")
    assert told_by_program["native"] is None
    assert recorded["tracks"]
