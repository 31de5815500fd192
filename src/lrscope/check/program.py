"""Program: one file, and everything that is known of it without running it."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING

from lrscope.check.calls import Calls
from lrscope.check.constants import Constants
from lrscope.check.inference import Inference
from lrscope.check.known import optimizer_called, scheduler_called
from lrscope.check.made import NOT_GIVEN, Made
from lrscope.check.scope import FUNCTIONS
from lrscope.check.tree import Tree
from lrscope.check.uses import CALLED, GONE, KEPT, UPDATED, Use, Uses

if TYPE_CHECKING:
    from lrscope.check.source import Source

PLATEAU = "ReduceLROnPlateau"


class Program:
    """What rules ask about a file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tree = Tree(source.module)
        self.calls = Calls(self.tree)
        self.values = Inference(self.tree, self.calls)
        self.constants = Constants(self.tree, self.calls)

    @cached_property
    def uses(self) -> Uses:
        """Everything that is done with what is made."""
        return Uses(self.tree, self.calls, self.values)

    @property
    def is_clear(self) -> bool:
        """Whether something is made in it, and all that happens to it was followed."""
        return bool(self.made and self.uses) and not self.values.gave_up

    @cached_property
    def made(self) -> tuple[Made, ...]:
        """All optimizers and schedulers that are made, in the order of the source."""
        found = []
        for each in self.tree.nodes:
            if isinstance(each, ast.Call):
                dotted = self.tree.dotted(each.func) or ""
                name = scheduler_called(dotted) or optimizer_called(dotted)
                if name:
                    found.append(Made(name=name, call=each))
        return tuple(found)

    @property
    def schedulers(self) -> tuple[Made, ...]:
        """The schedulers that are made."""
        return tuple(each for each in self.made if not each.is_optimizer)

    @property
    def optimizers(self) -> tuple[Made, ...]:
        """The optimizers that are made."""
        return tuple(each for each in self.made if each.is_optimizer)

    def optimizer_of(self, scheduler: Made) -> Made | None:
        """Return the only optimizer that a scheduler can be bound to."""
        found = self.values.one(scheduler.argument("optimizer"))
        return found if found and found.is_optimizer else None

    def updates_of(self, optimizer: Made) -> list[Use]:
        """Return where an optimizer is stepped."""
        stepped = self.uses.of(optimizer, CALLED, name="step")
        return [*stepped, *self.uses.of(optimizer, UPDATED)]

    def is_followed(self, made: Made) -> bool:
        """Say whether all that is done with it can be seen in this file."""
        if self.tree.is_dynamic or not self.source.is_whole:
            return False
        return not self.uses.of(made, GONE, KEPT)

    def is_followed_but_kept(self, made: Made) -> bool:
        """Say the same where it may be an attribute of an object of this file."""
        return self.source.is_whole and not self.uses.of(made, GONE)

    def number(self, made: Made, argument: str, default: float | None) -> float | None:
        """Return what number an argument is, or its default; None: not sure."""
        found = made.argument(argument)
        return default if found is NOT_GIVEN else self.constants.number(found)

    def children(self, composite: Made) -> list[Made] | None:
        """Return the schedulers in a composite one; None: not sure."""
        listed = composite.argument("schedulers")
        if not isinstance(listed, (ast.List, ast.Tuple)):
            return None
        found = [self.values.one(each) for each in listed.elts]
        return [each for each in found if each] if all(found) else None

    def is_guarded(self, call: ast.AST, receiver: ast.expr) -> bool:
        """Say whether what is called is asked beforehand what it is, or may raise."""
        asked = ast.unparse(receiver)
        for each in self.tree.ancestors(call):
            if isinstance(each, ast.Try) and any(map(_catches_it, each.handlers)):
                return True
            if isinstance(each, (ast.If, ast.IfExp, ast.While)):
                told = {ast.unparse(part) for part in _asked_about(each.test)}
                if asked in told:
                    return True
            if isinstance(each, (ast.Match, *FUNCTIONS)):
                return isinstance(each, ast.Match)
        return False


def _asked_about(test: ast.expr) -> list[ast.AST]:
    """Return the arguments of calls and the owners of attributes in a test."""
    found: list[ast.AST] = []
    for each in ast.walk(test):
        if isinstance(each, ast.Call):
            found += each.args
        elif isinstance(each, ast.Attribute):
            found.append(each.value)
    return found


def _catches_it(handler: ast.ExceptHandler) -> bool:
    """Say whether a handler catches what a wrong call raises."""
    named = ast.unparse(handler.type) if handler.type else "Exception"
    return any(each in named for each in ("Exception", "TypeError", "AttributeError"))
