"""The code of the texts that lrscope grew from, and of the wild set, as it stands."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from textwrap import dedent

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"
FENCE = re.compile(r"^( *)```python\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
CASES = SHARED / "wild" / "cases"


def _snippets() -> dict[str, str]:
    return {
        f"{path.stem.split('_')[0]}-{number}": dedent(match[2])
        for path in sorted((SHARED / "reference").glob("*.txt"))
        for number, match in enumerate(FENCE.finditer(path.read_text()), start=1)
    }


def _wild() -> list[dict]:
    manifest = CASES / "manifest.json"
    return json.loads(manifest.read_text()) if manifest.exists() else []


SNIPPETS = _snippets()
WILD = {each["id"]: each for each in _wild()}
ALONE = pytest.mark.xdist_group("torchrun")
"""Two torchruns that look for a free port at once may find the same one."""


def _marked(case: dict):
    uses = any("{torchrun}" in words for words in case["commands"])
    return pytest.param(case["id"], marks=[ALONE] if uses else [])


@pytest.mark.skipif(not SNIPPETS, reason="the reference texts are not here")
@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_runs_and_is_recorded_as_it_stands(laboratory, tmp_path, name):
    (tmp_path / "snippet.py").write_text(SNIPPETS[name])
    command = ["python", "snippet.py"]
    if "import torch" in SNIPPETS[name]:
        bare, reading = laboratory.read_independently(command, tmp_path)
    else:  # a fragment: it ends at a name that it does not define
        bare, reading = laboratory.bare(command, tmp_path), []
        assert b"NameError" in bare.stderr
    done = laboratory.record(command, tmp_path, tmp_path / "run")
    assert done.returncode == bare.returncode
    assert done.stdout == bare.stdout
    assert laboratory.recorded(tmp_path / "run") == reading
    told = b"optimizer step was seen", b"no optimizer step was completed"
    assert any(each in done.stderr for each in told) == (not reading)


@pytest.mark.skipif(not SNIPPETS, reason="the reference texts are not here")
def test_the_texts_hold_snippets_that_run_and_that_step():
    whole = [each for each in SNIPPETS.values() if "import torch" in each]
    assert len(whole) >= 9
    assert sum("optimizer.step()" in each for each in whole) >= 5


@pytest.mark.slow
@pytest.mark.skipif(not WILD, reason="the wild set is not here")
@pytest.mark.parametrize("name", [_marked(each) for each in WILD.values()])
def test_a_wild_program_ends_the_same_and_its_rates_are_read_bit_for_bit(
    laboratory, tmp_path, name
):
    case = WILD[name]
    here, there = (
        Path(
            shutil.copytree(
                CASES / case["cwd"],
                tmp_path / each,
                ignore=shutil.ignore_patterns("__pycache__"),
            )
        )
        for each in ("bare", "recorded")
    )
    codes = case.get("rc") or [0] * len(case["commands"])
    for segment, (words, code) in enumerate(zip(case["commands"], codes)):
        command = [_expand(each) for each in words]
        bare, reading = laboratory.read_independently(command, here)
        done = laboratory.record(command, there, tmp_path / "run")
        assert bare.returncode == code, bare.stderr.decode()
        assert done.returncode == code, done.stderr.decode()
        assert laboratory.recorded(tmp_path / "run", segment) == reading


def _expand(word: str) -> str:
    beside = Path(sys.executable).parent / "torchrun"
    return (
        word.format(python=sys.executable, torchrun=beside)
        if word in ("{python}", "{torchrun}")
        else word
    )
