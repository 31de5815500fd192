"""Who may import whom: the contracts in pyproject.toml."""

from __future__ import annotations

import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from importlinter import cli

ROOT = Path(__file__).parents[2]


def test_every_import_contract_is_kept(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    code = cli.lint_imports(no_cache=True)
    assert code == 0, capsys.readouterr().out


def test_every_package_is_under_the_layer_contract():
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    (layers,) = (each["layers"] for each in contracts if each["type"] == "layers")
    named = {
        part.strip(" ()").removeprefix("lrscope.")
        for layer in layers
        for part in layer.split("|")
    }
    there = {
        path.stem
        for path in (ROOT / "src/lrscope").iterdir()
        if not path.name.startswith(("_", ".")) and path.suffix in ("", ".py")
    }
    assert there <= named
