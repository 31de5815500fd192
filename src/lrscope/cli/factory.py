"""Plans that a Python file makes: ``train.py:make_scheduler``."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrscope.cli.returned import is_schedule, made_of
from lrscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lrscope.cli.made import Made

_PLACE = re.compile(r"(?P<module>[^\s:()\[\]]+):(?P<name>[A-Za-z_][\w.]*)")


def is_place(text: str) -> bool:
    """Tell whether a text names something in a file or module."""
    return _PLACE.fullmatch(text) is not None


def made_by(place: str, rates: Mapping[str, float | None]) -> list[Made]:
    """Return what a place in a file makes.

    Args:
        place: "train.py:make_scheduler" or "package.module:name".
        rates: Groups and their base rates, for a factory that asks for an optimizer.

    Raises:
        UsageError: If it cannot be imported, found or called, or gives no plan.
    """
    found = _PLACE.fullmatch(place)
    if found is None:
        msg = f"a factory is written as train.py:name, got {place!r}"
        raise UsageError(msg)
    with _on_its_own(found["module"]):
        thing = _named(_imported(found["module"]), found["name"], place)
        given: tuple[Any, ...] = ()
        if callable(thing) and not is_schedule(thing):
            given = _optimizer_if_wanted(thing, rates, place)
            thing = _called(thing, given, place)
    made = made_of(thing, place)
    return [replace(each, asked=True) for each in made] if given else made


@contextlib.contextmanager
def _on_its_own(module: str) -> Iterator[None]:
    """Let a file believe that it runs without arguments; our stdout is for plans."""
    words, sys.argv = sys.argv, [module]
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.argv = words


def _imported(module: str) -> Any:
    if module.endswith(".py") and not Path(module).is_file():
        msg = f"there is no file {module!r}"
        raise UsageError(msg)
    try:
        if not module.endswith(".py"):
            sys.path.insert(0, "")
            return importlib.import_module(module)
        return _loaded(Path(module))
    except (Exception, SystemExit) as error:
        msg = (
            f"{module} cannot be imported: {type(error).__name__}: {error}; what it "
            'trains belongs below: if __name__ == "__main__":'
        )
        raise UsageError(msg) from error


def _loaded(path: Path) -> Any:
    """Run a file as an import would, its own folder first on the path, once."""
    place = str(path.resolve())
    known = sys.modules.get(path.stem)
    if known is not None and getattr(known, "__file__", None) == place:
        return known
    sys.path.insert(0, str(path.parent.resolve()))
    spec = importlib.util.spec_from_file_location(path.stem, place)
    if spec is None or spec.loader is None:
        raise ImportError(place)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
    return module


def _named(module: Any, name: str, place: str) -> Any:
    found = module
    for each in name.split("."):
        if not hasattr(found, each):
            there = [key for key, own in vars(module).items() if callable(own)]
            own = ", ".join(each for each in there if not each.startswith("_"))
            msg = (
                f"{place}: there is no {each!r}; this file has: {own or 'no function'}"
            )
            raise UsageError(msg)
        found = getattr(found, each)
    return found


def _called(make: Any, given: tuple[Any, ...], place: str) -> Any:
    try:
        return make(*given)
    except (Exception, SystemExit) as error:
        what = "; it was given an optimizer with tiny parameters" if given else ""
        msg = f"{place} raised {type(error).__name__}: {error}{what}"
        raise UsageError(msg) from error


def _optimizer_if_wanted(
    make: Any, rates: Mapping[str, float | None], place: str
) -> tuple[Any, ...]:
    """Return an optimizer with a group per rate for a factory with one argument."""
    required = [
        each
        for each in inspect.signature(make).parameters.values()
        if each.default is each.empty
        and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    if not required:
        return ()
    names = ", ".join(each.name for each in required)
    if names == "self":
        msg = f"{place} is a method; name a function that makes its object and calls it"
        raise UsageError(msg)
    torch = sys.modules.get("torch")  # the file's own import; this half has none
    if len(required) > 1 or required[0].kind is inspect.Parameter.KEYWORD_ONLY:
        msg = f"{place} needs {names}; a factory takes nothing or an optimizer"
        raise UsageError(msg)
    if torch is None:
        msg = f"{place} needs {names}, which is an optimizer only in files with torch"
        raise UsageError(msg)
    groups = [
        {"params": [torch.zeros(1)], "lr": 1.0 if rate is None else rate}
        | ({"name": name} if name else {})
        for name, rate in rates.items()
    ]
    return (torch.optim.SGD(groups, lr=1.0),)
