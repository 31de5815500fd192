"""What is tested is what lies in native/."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from lrscope import compiled

BUILD = Path(__file__).parents[2] / "native" / "build.py"


@pytest.fixture
def build():
    """Return the module that compiles."""
    pytest.importorskip("hatchling")
    if not BUILD.exists():
        pytest.skip("there are no sources here")
    spec = importlib.util.spec_from_file_location("native_build", BUILD)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_compiled_module_is_made_of_the_sources_that_lie_here(build):
    same = build.digest() == compiled.native.SOURCE
    assert same, "lrscope._native is older than native/: run `make venv`"


def test_another_source_has_another_digest(build, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "HERE", tmp_path)
    (tmp_path / "a.c").write_text("int a;")
    first = build.digest()
    (tmp_path / "b.h").write_text("int b;")
    second = build.digest()
    (tmp_path / "b.h").write_text("int c;")
    assert len({first, second, build.digest()}) == 3
