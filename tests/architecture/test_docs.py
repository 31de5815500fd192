"""Docs that can go stale are generated from the code, or run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lrscope.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *DOCS.glob("*.md"), *DOCS.glob("decisions/*.md")]
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands_in(text):
    """Return the lrscope and make commands in the shell blocks of a page."""
    for language, block in FENCED.findall(text):
        if language in ("", "sh", "bash", "console", "shell"):
            for line in block.splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True)
                if words and words[0] in ("lrscope", "make"):
                    yield words


def test_generated_docs_say_what_the_code_says():
    words = [sys.executable, str(DOCS / "generate.py"), "--check"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_for_itself_and_each_option(name):
    command = main.get_command(None, name)
    assert command.help
    assert command.short_help in (None, COMMANDS[name])
    options = [each for each in command.params if each.param_type_name == "option"]
    assert all(each.help for each in options)
    shown = CliRunner().invoke(main, [name, "--help"])
    assert shown.exit_code == 0
    assert f"## lrscope {name}\n" in (DOCS / "cli.md").read_text(encoding="utf-8")


def test_every_file_of_the_command_line_is_a_command():
    folder = ROOT / "src/lrscope/cli"
    others = {
        "__init__",
        "chosen",
        "exits",
        "factory",
        "groups",
        "judging",
        "letters",
        "made",
        "main",
        "meant",
        "returned",
        "spec",
        "trial",
    }
    files = {path.stem for path in folder.glob("*.py")} - others
    assert files == set(COMMANDS)


@pytest.mark.parametrize("words", list(commands_in(README)), ids=" ".join)
def test_a_command_in_the_readme_exists_with_its_options(words):
    if words[0] == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert all(f"\n{target}:" in makefile for target in words[1:])
        return
    assert words[1] in COMMANDS or words[1].startswith("-")
    if words[1] in COMMANDS:
        main.get_command(None, words[1]).make_context(words[1], words[2:])


def test_the_readme_shows_how_to_begin():
    begun = [" ".join(words) for words in commands_in(README)]
    assert "make demo" in begun
    assert any(each.startswith("lrscope run") for each in begun)
    assert any(each.startswith("lrscope show") for each in begun)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_of_the_repository_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
    assert [each for each in links if not (page.parent / each).exists()] == []


@pytest.mark.parametrize("note", DECISIONS, ids=lambda note: note.stem)
def test_a_decision_note_is_short_dated_and_in_three_parts(note):
    text = note.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 40
    assert text.startswith(f"# {note.name[:4]} ")
    assert re.search(r"^Date: \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    parts = re.findall(r"^## (\w+)", text, re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences"]


def test_decision_notes_are_numbered_without_a_gap():
    numbers = [int(note.name[:4]) for note in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_changelog_fragment_has_a_kind_and_says_something():
    folder = ROOT / "changelog.d"
    kinds = {"added", "changed", "fixed", "removed"}
    for path in set(folder.iterdir()) - {folder / "README.md"}:
        _, kind, ending = path.name.split(".")
        assert (kind in kinds, ending) == (True, "md"), path.name
        assert path.read_text(encoding="utf-8").strip().endswith("."), path.name


def test_the_makefile_lists_every_target_with_what_it_does():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    told = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    assert sorted(phony.split()) == sorted(told)
