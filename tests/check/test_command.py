"""The command: what it reads, says and ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lrscope.audit.ignores import ignored_rules
from lrscope.cli.main import main
from lrscope.errors import UsageError

WRONG = """\
import torch
opt = torch.optim.SGD(p, lr=0.1)
sched = torch.optim.lr_scheduler.StepLR(opt, 3, gamma=0)
opt.step()
sched.step()
print(sched.get_lr())
"""
TEXT = """\
train.py:3:9 LR610 gamma-zero-typo  StepLR with gamma=0 makes the rate 0 at its first decay
    fix: gamma=1 keeps the rate as it is
train.py:6:7 {get_lr} get_lr-used-for-reading  get_lr() of StepLR is the rate after one more step, not this one
    fix: read group["lr"] before the update, or get_last_lr()
2 findings in 1 file
"""


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Write files and run the command among them."""
    monkeypatch.chdir(tmp_path)

    def run(files, *words):
        for name, text in files.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(text, encoding="utf-8")
        return CliRunner().invoke(main, ["check", *words])

    return run


def code_of(name):
    from lrscope.check.rules import STATIC_RULES

    return next(each.code for each in STATIC_RULES if each.name == name)


def test_the_text_has_place_code_name_fact_and_fix(check):
    done = check({"train.py": WRONG}, "train.py")
    expected = TEXT.replace("{get_lr}", code_of("get_lr-used-for-reading"))
    expected = expected.replace("LR610", code_of("gamma-zero-typo"))
    assert (done.exit_code, done.stdout, done.stderr) == (1, expected, "")


def test_the_json_form_says_the_same_with_a_format_number(check):
    told = json.loads(check({"train.py": WRONG}, "train.py", "--format", "json").stdout)
    assert (told["format"], told["files"], told["unreadable"]) == (1, 1, [])
    first = told["findings"][0]
    assert (first["name"], first["severity"]) == ("gamma-zero-typo", "warning")
    assert first["where"] == [
        {"file": "train.py", "line": 3, "column": 9, "cell": None}
    ]


def test_the_github_form_is_one_escaped_annotation_for_each_finding(check):
    done = check({"a,b.py": WRONG}, "a,b.py", "--format", "github")
    first, second = done.stdout.splitlines()
    assert first.startswith("::warning file=a%2Cb.py,line=3,col=9,title=LR")
    assert "get_lr-used-for-reading::get_lr() of StepLR" in second


def test_a_clean_file_ends_with_0_and_severity_decides_about_1(check):
    assert check({"a.py": "import torch\n"}, "a.py").exit_code == 0
    assert check({"train.py": WRONG}, "train.py", "--fail-on", "error").exit_code == 0


def test_rules_are_chosen_by_code_or_name(check):
    only = check({"t.py": WRONG}, "t.py", "--select", "gamma-zero-typo").stdout
    assert only.count("fix:") == 1
    code = code_of("gamma-zero-typo")
    without = check({}, "t.py", "--ignore", code)
    assert without.stdout.count("fix:") == 1
    assert f"ignored: {code}, 1 time: --ignore" in without.stdout
    unknown = check({}, "t.py", "--select", "LR999")
    assert unknown.exit_code == 2
    assert "no rule 'LR999'" in unknown.stderr


def test_folders_are_walked_without_what_is_not_the_projects(check):
    files = {f"{place}/t.py": WRONG for place in ("src/a", ".venv/x", "build", ".git")}
    done = check({**files, "env/pyvenv.cfg": "", "env/t.py": WRONG}, ".")
    assert done.stdout.endswith("2 findings in 1 file\n")


def test_a_folder_without_python_is_an_error(check):
    done = check({"folder/notes.txt": "nothing"}, "folder")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "files of Python or notebooks, found none in folder" in done.stderr


def test_a_file_that_is_not_python_is_one_line_and_2_if_nothing_else_is_wrong(check):
    broken = check({"b.py": "def\n"}, "b.py")
    assert broken.exit_code == 2
    assert broken.stderr == "lrscope: b.py:1 is not Python: invalid syntax\n"
    assert check({"t.py": WRONG}, "b.py", "t.py").exit_code == 1
    assert check({"n.py": "x = 1\0"}, "n.py").exit_code == 2
    assert check({}, "missing.py").exit_code == 2


@pytest.mark.parametrize(
    "comment",
    ["# lrscope: ignore[{}] frozen on purpose", "#lrscope:ignore[x, {}]: why"],
)
@pytest.mark.parametrize("above", [True, False])
def test_a_comment_on_the_line_or_above_puts_a_finding_aside(check, comment, above):
    told = comment.format(code_of("gamma-zero-typo")).replace("x,", "LR001,")
    line = "sched = torch.optim.lr_scheduler.StepLR(opt, 3, gamma=0)"
    new = f"{told}\n{line}" if above else f"{line}  {told}"
    done = check({"t.py": WRONG.replace(line, new)}, "t.py")
    assert done.stdout.count("fix:") == 1
    assert "1 time: " in done.stdout


def test_a_comment_that_is_inside_a_text_ignores_nothing(check):
    code = WRONG.replace("gamma=0)", 'gamma=0, x="# lrscope: ignore[LR610] no")')
    assert check({"t.py": code}, "t.py").stdout.count("fix:") == 2


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# lrscope: ignore[LR101]", "needs a reason"),
        ("# lrscope: ignore[LR101]   ", "needs a reason"),
        ("# lrscope: ignore because", "needs a rule"),
        ("# lrscope: ignore[LR999] why", "no rule 'LR999'"),
    ],
)
def test_a_comment_that_can_ignore_nothing_is_an_error(check, comment, said):
    done = check({"t.py": f"x = 1  {comment}\n"}, "t.py")
    assert done.exit_code == 2
    assert done.stderr.startswith("lrscope: t.py:1 ")
    assert said in done.stderr


@pytest.mark.parametrize("table", ["[tool.lrscope.ignore]", "[tool.lrscope]"])
def test_the_project_file_ignores_with_a_reason_that_is_shown(check, table):
    code = code_of("gamma-zero-typo")
    project = f'{table}\n{code} = "we freeze on purpose"\n'
    done = check({"pyproject.toml": project, "sub/t.py": WRONG}, "sub")
    assert done.stdout.count("fix:") == 1
    assert f"ignored: {code}, 1 time: we freeze on purpose" in done.stdout


@pytest.mark.parametrize(
    "text",
    ['[tool.lrscope.ignore]\nLR101 = " "\n', "[tool.lrscope]\nignore = 3\n", "x"],
)
def test_a_project_file_without_reasons_is_refused(check, tmp_path, text):
    assert check({"pyproject.toml": text, "t.py": WRONG}, "t.py").exit_code == 2
    with pytest.raises(UsageError):
        ignored_rules(tmp_path)


def test_the_closest_project_file_counts_and_none_is_fine(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.lrscope.ignore]\nLR101 = 'up'\n")
    assert ignored_rules(tmp_path / "a") == {"LR101": "up"}
    (tmp_path / "a/pyproject.toml").write_text("[project]\n")
    assert ignored_rules(tmp_path / "a") == {}


def notebook(*cells):
    made = [{"cell_type": "markdown", "source": ["# text"]}]
    made += [{"cell_type": "code", "source": each.splitlines(True)} for each in cells]
    return json.dumps({"nbformat": 4, "cells": made})


def test_a_notebook_is_read_cell_by_cell(check):
    lines = WRONG.splitlines(keepends=True)
    text = notebook("!pip install torch\n%matplotlib inline\n", "".join(lines[:3]),
                    "%%time\n" + "".join(lines[3:]))  # fmt: skip
    done = check({"n.ipynb": text}, "n.ipynb")
    assert "n.ipynb:cell 3:3:9 " in done.stdout
    assert "n.ipynb:cell 4:4:7 " in done.stdout
    annotated = check({}, "n.ipynb", "--format", "github").stdout
    assert "::cell 3, line 3: " in annotated


def test_what_a_magic_line_may_do_is_not_known(check):
    code = WRONG.replace("sched.step()\nprint(sched.get_lr())", "{}")
    code = code.replace(", gamma=0", "")
    assert (
        "sched-never-stepped"
        in check({"n.ipynb": notebook(code.replace("{}", "pass"))}, "n.ipynb").stdout
    )
    for magic in ("%timeit sched.step()", "%run loop.py"):
        done = check({"n.ipynb": notebook(code.replace("{}", magic))}, "n.ipynb")
        assert done.exit_code == 0, done.output


def test_a_notebook_of_another_form_is_said_to_be_none(check):
    done = check({"n.ipynb": "{}"}, "n.ipynb")
    assert (done.exit_code, "no notebook" in done.stderr) == (2, True)


def test_neither_torch_nor_numpy_is_loaded(tmp_path):
    (tmp_path / "t.py").write_text(WRONG)
    code = (
        "import sys\nfrom lrscope.cli.main import main\n"
        "try:\n    main(['check', sys.argv[1]])\nexcept SystemExit:\n    pass\n"
        "print({'torch', 'numpy', 'rich'} & sys.modules.keys())\n"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "t.py")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")
