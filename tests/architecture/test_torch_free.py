"""What reads, judges and tells never imports torch; what records needs little."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from lrscope.recording import opening, rows
from lrscope.recording.writer import Writer

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"


@pytest.fixture
def run(tmp_path):
    """Return a run of three steps, written as the recorder writes it."""
    path = tmp_path / "run"
    path.mkdir()
    segment = opening.begin_segment(path, ["python", "train.py"])
    head = {
        "pid": 1,
        "segment": 0,
        "rank": None,
        "command": ["python", "train.py"],
        "started": 0.0,
    }
    writer = Writer(str(path / "segment000-pid1"), head)
    group = {
        "group": 0,
        "name": "backbone",
        "tensors": 1,
        "elements": 1,
        "lr": 0.1,
        "settings": {},
    }
    writer.event(
        {
            "event": "optimizer_constructed",
            "row": 0,
            "after": 0,
            "time": 0.0,
            "optimizer": 0,
            "class_name": "SGD",
            "module": "torch.optim",
            "how": "constructed",
            "groups": [group],
            "where": ["train.py", 1],
        }
    )
    columns = {"holds": "step", "optimizer": 0, "columns": [[0, "lr"]]}
    layout = writer.layout(columns, 1)
    nothing = writer.signature([])
    for rate in (0.125, 0.25, 0.5):
        writer.put(layout, nothing, rows.UPDATED, [rate])
    writer.close()
    opening.end_segment(segment, 0)
    return path


def test_the_reading_half_is_imported_and_shows_a_run_behind_an_import_wall(run):
    wall = Path(__file__).with_name("wall.py")
    ended = subprocess.run(
        [sys.executable, wall, run],
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "lrscope.recording.run" in ended.stdout
    assert "backbone" in ended.stdout
    assert "1.25e-01" in ended.stdout


def test_import_of_lrscope_alone_loads_neither_numpy_nor_a_terminal_library():
    heavy = "{'torch', 'numpy', 'rich', 'click'} & sys.modules.keys()"
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys, lrscope; print({heavy})"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "set()\n"


def in_the_users_process():
    """Return the modules that the bootstrap can come to load in a recorded process."""
    graph = grimp.build_graph(
        "lrscope", exclude_type_checking_imports=True, cache_dir=None
    )
    found = {"lrscope", "lrscope.capture.start"}
    waiting = ["lrscope.capture.start"]
    while waiting:
        for each in graph.find_modules_directly_imported_by(waiting.pop()) - found:
            found.add(each)
            if each != "lrscope":  # its __init__ loads what it names on first use
                waiting.append(each)
    return sorted(found)


TOO_NEW = {"dataclass": {"kw_only", "slots"}, "zip": {"strict"}}
"""Arguments that Python 3.9 does not know."""


@pytest.mark.parametrize("module", in_the_users_process())
def test_code_in_the_users_process_is_written_for_python_3_9(module):
    path = SOURCE.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
    too_new = {
        (call.func.id, keyword.arg)
        for call in calls
        if isinstance(call.func, ast.Name)
        for keyword in call.keywords
        if keyword.arg in TOO_NEW.get(call.func.id, ())
    }
    assert not too_new


def test_the_bootstrap_can_be_parsed_by_every_python_3():
    path = SOURCE / "lrscope/capture/bootstrap/sitecustomize.py"
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_the_recorder_needs_the_standard_library_and_torch_alone():
    graph = grimp.build_graph(
        "lrscope",
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )
    outside = {
        imported
        for module in in_the_users_process()
        for imported in graph.find_modules_directly_imported_by(module)
        if not imported.startswith("lrscope")
    }
    assert outside - sys.stdlib_module_names <= {"torch", "numpy"}
