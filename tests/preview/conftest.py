"""The command, run in a folder of its own."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from lrscope.cli.main import main


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Run ``lrscope preview`` and return all that it said."""
    monkeypatch.chdir(tmp_path)

    def ask(*words, code=0):
        done = CliRunner().invoke(main, ["preview", *words])
        assert done.exit_code == code, done.output
        return done

    return ask


@pytest.fixture
def preview(ask):
    """Return what it showed, or the error."""

    def preview(*words, code=0):
        done = ask(*words, code=code)
        return done.stderr if code else done.stdout

    return preview


@pytest.fixture
def plans(preview):
    """Return the plans of its JSON form."""
    return lambda *words: json.loads(preview(*words, "--json"))["plans"]
