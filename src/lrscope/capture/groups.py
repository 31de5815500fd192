"""Groups: which parameter group is which, what it is called and what it holds."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.numbers import is_on_host, is_tensor, numbers_in

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = ("momentum", "betas", "weight_decay", "dampening", "alpha", "rho", "eps")
"""Settings that are recorded when they change, beside every float a group holds."""

MOST_NAMES = 200
"""Parameter names of a group that are written down."""

_NOT_SETTINGS = frozenset({"params", "lr", "initial_lr", "name", "param_names"})

_TELLING = ("lr", "rate", "mult", "scale", "relative_step")
"""Keys with these are written down without a float, too: meant for a rate, perhaps."""


def settings_of(group: dict[Any, Any]) -> tuple[str, ...]:
    """Return the keys of a group whose numbers are worth watching.

    Floats and tuples of floats, so that the internal rates of optimizers that
    scale inside (``d``, ``scheduled_lr``) are seen under their own names; counters
    are left out.
    """
    return tuple(
        sorted(
            key
            for key, value in group.items()
            if isinstance(key, str) and key not in _NOT_SETTINGS
            if key in SETTINGS or isinstance(value, float) or _is_pair(value)
            if numbers_in(value) is not None
        )
    )


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, (tuple, list))
        and 0 < len(value) <= 4
        and all(isinstance(each, float) for each in value)
    )


class SettingsReader:
    """Reads the settings of one group, quickly while nothing changes.

    Attributes:
        keys: of what it reads.
        read: group to a value that differs when a setting does.
    """

    def __init__(self, group: dict[str, Any]) -> None:
        """Choose what to read from what the group holds now."""
        self.keys = settings_of(group)
        self.read: Callable[[Any], Any] = (
            itemgetter(*self.keys) if self.keys else _nothing
        )

    def copy(self, group: dict[str, Any]) -> Any:
        """Return what `read` returns now, safe from changes in place."""
        values = [group[key] for key in self.keys]
        safe = tuple(
            each[:] if isinstance(each, list) else _host_number(each) for each in values
        )
        return safe[0] if len(safe) == 1 else (safe or None)

    def copy_if_alike(self, group: dict[str, Any], size: int) -> Any:
        """Return a copy, or None if the group holds other keys than it did."""
        if len(group) != size or not all(key in group for key in self.keys):
            return None
        return self.copy(group)

    def differing(self, was: Any, now: Any) -> Iterator[tuple[str, int]]:
        """Yield (key, index) of numbers that differ between two copies."""
        if was == now:
            return
        before, after = self.flat(was), self.flat(now)
        for place in {**before, **after}:
            if before.get(place) != after.get(place):
                yield place

    def values(self, copied: Any) -> tuple[Any, ...]:
        """Return what a copy holds, in the order of the keys."""
        return (copied,) if len(self.keys) == 1 else (copied or ())

    def flat(self, copied: Any) -> dict[tuple[str, int], float]:
        """Return the numbers in a copy by (key, index)."""
        return {
            (key, index): number
            for key, value in zip(self.keys, self.values(copied))
            for index, number in enumerate(numbers_in(value) or ())
        }

    def numbers(self, group: dict[str, Any]) -> dict[tuple[str, int], float]:
        """Return the numbers in the group by (key, index)."""
        return self.flat(self.copy(group))


def _nothing(group: dict[str, Any]) -> None:
    del group


def _host_number(value: Any) -> Any:
    return float(value.item()) if is_on_host(value) else value


def describe(group: dict[str, Any], number: int, name: str) -> dict[str, Any]:
    """Return what a recording says of a group when it first meets it."""
    parameters = group["params"]
    description: dict[str, Any] = {
        "group": number,
        "name": name,
        "tensors": len(parameters),
        "elements": sum(_elements(each) for each in parameters),
        "settings": {key: numbers_in(group[key]) for key in settings_of(group)},
    }
    others = {
        str(key): value
        for key, value in group.items()
        if key not in _NOT_SETTINGS and key not in description["settings"]
        if isinstance(value, (bool, int, str)) and _tells(str(key), value)
    }
    if others:
        description["others"] = others
    if is_tensor(group.get("lr")):
        description["tensor_lr"] = True
    names = group.get("param_names")
    if names:
        description["parameters"] = [str(each) for each in names[:MOST_NAMES]]
    return description


def _tells(key: str, value: Any) -> bool:
    """Say whether a setting that is no float says something of the rate."""
    told = any(part in key.lower() for part in _TELLING)
    return told or (key == "maximize" and bool(value))


def _elements(parameter: Any) -> int:
    try:
        return int(parameter.numel())
    except (RuntimeError, TypeError, ValueError):
        return 0  # a lazy parameter has no shape yet


class Members:
    """Numbers an optimizer's groups by the parameters in them.

    ``load_state_dict`` replaces the group dictionaries and a user may reorder
    them; the parameters stay.
    """

    def __init__(self) -> None:
        """Know no group yet."""
        self._owner: dict[int, int] = {}
        self.known = 0

    def shares(self, other: Members) -> bool:
        """Say whether any parameter belongs to both."""
        theirs = tuple(other._owner)  # another thread may add to it meanwhile
        return any(each in self._owner for each in theirs)

    def owns_any(self, groups: list[dict[str, Any]]) -> bool:
        """Say whether any parameter in ``groups`` belongs here."""
        return any(id(each) in self._owner for g in groups for each in g["params"])

    def numbers(self, groups: list[dict[str, Any]]) -> list[int]:
        """Return the number of each group, a new one for a group never seen."""
        taken: set[int] = set()
        numbers = []
        for group in groups:
            identities = [id(each) for each in group["params"]]
            owners = Counter(
                self._owner[each] for each in identities if each in self._owner
            )
            free = [number for number, _ in owners.most_common() if number not in taken]
            number = free[0] if free else self.known
            self.known = max(self.known, number + 1)
            taken.add(number)
            numbers.append(number)
            self._owner.update(dict.fromkeys(identities, number))
        return numbers
