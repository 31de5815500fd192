"""Writes the docs that follow from the code, or checks that they are fresh.

python docs/generate.py [--check]
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from pathlib import Path
from typing import Any, Callable

from click.testing import CliRunner

from lrscope.capture import launch
from lrscope.cli import exits
from lrscope.cli.main import COMMANDS, main
from lrscope.cli.rules import all_rules, found_by
from lrscope.schedules.catalogue import RECIPES, SHAPES

DOCS = Path(__file__).parent
WIDTH = 80
EXIT_CODES = f"""\
Exit codes of lrscope's own:
{exits.OK} all is well,
{exits.FINDINGS} an audit found something,
{exits.USAGE} the call cannot be carried out,
{exits.BROKEN} the recording cannot be read.
`lrscope run` ends as its command ended;
{launch.NOT_FOUND} if there is no such command,
{launch.NOT_EXECUTABLE} if it cannot be started."""


def command_line() -> str:
    """Return cli.md: the help of every command, as a terminal shows it."""
    sections = [
        "# Command line",
        "<!-- Written by docs/generate.py (make docs); do not edit. -->",
        EXIT_CODES,
    ]
    for name in (None, *COMMANDS):
        words = ["lrscope"] if name is None else ["lrscope", name]
        sections.append(f"## {' '.join(words)}\n\n```text\n{_help(words)}```")
    return "\n\n".join(sections) + "\n"


def _help(words: list[str]) -> str:
    asked = CliRunner().invoke(
        main, [*words[1:], "--help"], prog_name=words[0], terminal_width=WIDTH
    )
    if asked.exit_code:
        msg = f"{' '.join(words)} --help ended with {asked.exit_code}"
        raise RuntimeError(msg) from asked.exception
    return asked.stdout


SCHEDULES = """\
# Schedules

<!-- Written by docs/generate.py (make docs) from the docstrings; do not edit. -->

A schedule is a value: `schedule(step)` is a number, a factor of each group's base
rate. Steps count from 0; after its end a schedule holds its last value. Everything
here can be called from `lrscope.schedules`, and by the same name in the text form
that `lrscope preview` reads.

| write | get |
| --- | --- |
| `a >> b` | b after a |
| `a * b`, `a + b`, `a - b`, `0.5 * a`, `a / 2`, `-a` | arithmetic, step by step |
| `a.minimum(b)`, `a.maximum(b)`, `a.clip(low, high)` | limits |
| `a[100:200]`, `a.shift(n)`, `a.reverse()` | other steps of it |
| `a.stretch(2)`, `a.extend(to=n)`, `a.replan(at=n, to=m)` | the same shape, longer |
| `a.repeat(n, scale=0.5, grow=2)`, `a.hold(every=n)` | again and again; a staircase |
| `a.absolute(3e-4)` | learning rates instead of factors |
| `a.peak`, `a.final`, `a.first_step(at_least=x)`, `a.sum()`, `a.diff(b)` | answers |

`a[:n]` has n steps: past the end of `a` it holds the last value, as `a` does.

A length is a number of steps or a text with a unit: `"3ep"`, `"10%"`,
`"1e6 samples"`, `"2e9 tokens"`, `"90ep - 500 steps"`. It can stand for every length
and step that a plan is made of: `warmup_cosine("90ep", 500)`, `a["1ep":]`,
`a.extend(to="20ep")`. `schedule.on(Clock(steps_per_epoch=…))` makes steps of all of
them; `lrscope.drive` and `lrscope preview` do so with their own clock. Answers need
steps.

What is made of `a * b`, `a + b`, `a.minimum(b)` and their like is as long as the
longest part. Numbers, `noise` and endless warm-ups have no say in that; anything else
without end makes it endless, save in a product that has come to 0. Past its end every
part does what it does alone: one with an end holds its last value, another goes on.

`extend(to=n)` makes every part longer alike, a warm-up too; `replan(at=t, to=n)` keeps
what comes before step t. `a == b` compares how two plans are written, `a.equals(b)`
what they give.

## Keep and compare

```python
>>> import lrscope
>>> from lrscope.schedules import from_json, parse, to_json
>>> plan = lrscope.warmup(500) >> lrscope.cosine(9_500, floor=0.1)
>>> parse(repr(plan)) == plan == from_json(to_json(plan))
True
```

`to_json` gives plain data. `from_json(data, functions=False)` refuses plans that name
a function, which would be imported: for plans of people you do not know.

## From torch, transformers and timm

```python
import lrscope
import torch
from lrscope.schedules.importers import NotImported, imported_live

optimizer = torch.optim.SGD(torch.nn.Linear(2, 1).parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)

found = imported_live(scheduler)
if isinstance(found, NotImported):
    raise SystemExit(found.reason)
print(found.schedules, found.bases)  # one for each group
print(found.quirks)  # what its users rarely expect, by name
driver = lrscope.drive(optimizer, found.schedules[0])
```
"""


def schedules() -> str:
    """Return schedules.md: every shape and recipe as its docstring tells it."""
    parts = [SCHEDULES, "## Shapes\n", *map(_entry, SHAPES)]
    parts += ["## Recipes\n", *map(_entry, RECIPES)]
    return "\n".join(parts)


FORMULA = re.compile(r"^(f\(t\) = .*(?:\n\S.*)*)", re.MULTILINE)
"""A paragraph of a docstring that begins with the formula."""


def _entry(thing: Any) -> str:
    """Return one section; the lists of a docstring become lists of Markdown."""
    words = []
    for each in inspect.signature(thing).parameters.values():
        if each.kind is each.KEYWORD_ONLY and "*" not in words:
            words.append("*")
        required = each.default is inspect.Parameter.empty
        words.append(each.name if required else f"{each.name}={each.default!r}")
    name = thing.__name__
    text, _, example = inspect.cleandoc(thing.__doc__).partition(">>> ")
    text = re.sub(r"^(Args|Raises):$", r"**\1**\n", text, flags=re.MULTILINE)
    text = re.sub(r"^    (\S+?): ", r"- `\1`: ", text, flags=re.MULTILINE)
    text = re.sub(r"^ {4,}", "  ", text, flags=re.MULTILINE)
    text = FORMULA.sub(r"```text\n\1\n```", text)
    call = f"{name}({', '.join(words)})"
    shown = f"```python\n>>> {example.rstrip()}\n```"
    return f"### {name}\n\n`{call}`\n\n{text.rstrip()}\n\n{shown}\n"


RULES = """\
# Rules

<!-- Written by docs/generate.py (make docs) from the rules' own pages; do not edit. -->

What `lrscope audit` looks for in a recording and `lrscope check` in a source.
`lrscope rules CODE` prints the same page. What cannot be found is listed with the
reason in [undetected.md](undetected.md), how to ignore a rule in
[continuous-integration.md](continuous-integration.md).

- **error**: the training was surely not what anyone wants.
- **warning**: very likely a mistake.
- **info**: true and worth knowing, often intended.

| code | severity | name | found by |
| --- | --- | --- | --- |
"""


def rules() -> str:
    """Return rules.md: the table of all rules, and the page of each."""
    known = all_rules()
    parts = [RULES]
    for each in known:
        link = f"[{_plain(each.name)}](#{each.code.lower()})"
        by = found_by(each).removeprefix("found by ").replace("lrscope ", "")
        parts.append(f"| {each.code} | {each.severity} | {link} | {by} |\n")
    parts += [_page(each) for each in known]
    return "".join(parts)


def _page(rule: Any) -> str:
    """Return one section; its heading is the code, which links lead to."""
    page = inspect.cleandoc(rule.page or "").replace("``", "`")
    paragraphs = re.sub(r"^([A-Z][^\n:]{3,40}):", r"**\1:**", page, flags=re.MULTILINE)
    parts = re.split(r"(`[^`]*`)", paragraphs)
    text = "".join(e if e.startswith("`") else _plain(e, "<") for e in parts)
    return f"\n## {rule.code}\n\n**{_plain(rule.name)}**, {rule.severity}\n\n{text}\n"


def _plain(text: str, special: str = "_<") -> str:
    """Return text that Markdown shows as it is."""
    return "".join(f"\\{each}" if each in special else each for each in text)


GENERATED: dict[str, Callable[[], str]] = {
    "cli.md": command_line,
    "rules.md": rules,
    "schedules.md": schedules,
}
"""Every generated file of this folder and what writes it."""


def stale() -> list[str]:
    """Return the names of generated files that do not say what the code says."""
    return [
        name
        for name, text in GENERATED.items()
        if not (DOCS / name).exists()
        or (DOCS / name).read_text(encoding="utf-8") != text()
    ]


def run() -> int:
    """Write or check, as asked for on the command line."""
    parser = argparse.ArgumentParser(description="Write the generated docs.")
    parser.add_argument("--check", action="store_true", help="only say what is stale")
    names = stale()
    if parser.parse_args().check:
        for name in names:
            sys.stderr.write(f"docs/{name} is stale; write it anew with: make docs\n")
        return 1 if names else 0
    for name in names:
        (DOCS / name).write_text(GENERATED[name](), encoding="utf-8")
        sys.stdout.write(f"wrote docs/{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(run())
