"""Plans that a Python file makes: ``train.py:make_scheduler``."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lrscope.errors import UsageError

if TYPE_CHECKING:
    from lrscope.schedules import Schedule

_PLACE = re.compile(r"(?P<module>[^\s:()\[\]]+):(?P<name>[A-Za-z_][\w.]*)")


def is_place(text: str) -> bool:
    """Tell whether a text names something in a file or module."""
    return _PLACE.fullmatch(text) is not None


class Made(NamedTuple):
    """What a specification stands for, by group.

    Attributes:
        schedules: One for every group.
        bases: Their base rates, where a scheduler brought its own optimizer.
        quirks: Names and sentences of what its users rarely expect.
        horizon: Steps after which its plan has ended; None if it has no end.
    """

    schedules: list[Schedule]
    bases: tuple[float, ...] = ()
    quirks: tuple[tuple[str, str], ...] = ()
    horizon: int | None = None


def made_by(place: str, rates: list[float]) -> Made:
    """Return what a place in a file makes.

    Args:
        place: "train.py:make_scheduler" or "package.module:name".
        rates: Base rates of the groups, for a factory that asks for an optimizer.

    Raises:
        UsageError: If it cannot be imported, found or called, or gives no schedule.
    """
    found = _PLACE.fullmatch(place)
    if found is None:
        msg = f"a factory is written as train.py:name, got {place!r}"
        raise UsageError(msg)
    made = _named(_imported(found["module"]), found["name"], place)
    try:
        if callable(made) and not _is_schedule(made) and not hasattr(made, "optimizer"):
            made = made(*_optimizer_if_wanted(made, rates, place))
    except Exception as error:
        msg = f"{place} raised {type(error).__name__}: {error}"
        raise UsageError(msg) from error
    return _read(made, len(rates), place)


def _imported(module: str) -> Any:
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
    """Run a file as an import would, its own folder first on the path."""
    sys.path.insert(0, str(path.parent.resolve()))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
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


def _is_schedule(made: Any) -> bool:
    from lrscope.schedules import Schedule

    return isinstance(made, Schedule)


def _optimizer_if_wanted(make: Any, rates: list[float], place: str) -> tuple[Any, ...]:
    """Return an optimizer with a group per rate for a factory with one argument."""
    required = [
        each
        for each in inspect.signature(make).parameters.values()
        if each.default is each.empty
        and each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    if not required:
        return ()
    torch = sys.modules.get("torch")  # the file's own import; this half has none
    if len(required) > 1 or torch is None:
        names = ", ".join(each.name for each in required)
        msg = f"{place} needs {names}; a factory takes nothing or an optimizer"
        raise UsageError(msg)
    groups = [{"params": [torch.zeros(1)], "lr": each} for each in rates]
    return (torch.optim.SGD(groups, lr=rates[0]),)


def _read(made: Any, groups: int, place: str) -> Made:
    from lrscope.schedules.importers import NotImported, imported_live

    if _is_schedule(made):
        return Made([made] * groups)
    if not hasattr(made, "optimizer"):
        msg = f"{place} needs to give a schedule or a torch scheduler, got {made!r}"
        raise UsageError(msg)
    found = imported_live(made)
    if isinstance(found, NotImported):
        msg = f"{place}: {found.reason}"
        raise UsageError(msg)
    schedules, bases = list(found.schedules), tuple(found.bases)
    several = groups if len(schedules) == 1 else 1
    quirks = tuple((each.name, each.says) for each in found.quirks)
    return Made(schedules * several, bases * several, quirks, found.horizon)
