"""Uses: everything that a program does with an optimizer or a scheduler."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrscope.check.calls import given
from lrscope.check.known import scheduler_called
from lrscope.check.made import Made, Some, Value, members
from lrscope.check.scope import FUNCTIONS

if TYPE_CHECKING:
    from lrscope.check.calls import Calls
    from lrscope.check.inference import Inference
    from lrscope.check.tree import Tree

CALLED = "called"
"""One of its methods is called."""
READ = "read"
"""One of its attributes is read."""
BOUND = "bound"
"""One of its attributes is bound."""
KEPT = "kept"
"""It becomes an attribute of an object."""
SCHEDULED = "scheduled"
"""It is the optimizer of a scheduler that is made."""
UPDATED = "updated"
"""It is given to the step() of something else, such as a GradScaler."""
GONE = "gone"
"""It goes where it cannot be followed."""

LOOKED_AT = frozenset({"print", "isinstance", "type", "id", "repr", "str", "hasattr"})
"""Functions that do nothing to what they get."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One thing that a program does with something made.

    Attributes:
        made: with what.
        how: what is done.
        node: where; the call, if a method is called.
        name: of the method or attribute.
        value: all that the expression there can be.
    """

    made: Made
    how: str
    node: ast.AST
    name: str = ""
    value: Some = Some()  # noqa: RUF009 - a frozen value


class Uses:
    """All uses of all that is made in a program."""

    def __init__(self, tree: Tree, calls: Calls, inference: Inference) -> None:
        self.tree = tree
        self.calls = calls
        self.inference = inference
        self.all: list[Use] = []
        self._of: defaultdict[Made, list[Use]] = defaultdict(list)
        for node in tree.nodes:
            value = self._value(node)
            if members(value):
                for use in self._uses(node, value):
                    self.all.append(use)
                    self._of[use.made].append(use)

    def of(self, made: Made, *hows: str, name: str | None = None) -> list[Use]:
        """Return what is done with one thing, in the order of the source."""
        return [
            each
            for each in self._of[made]
            if each.how in hows and name in (None, each.name)
        ]

    def calls_of(self, name: str) -> list[Use]:
        """Return the calls of a method, each once."""
        seen: dict[ast.AST, Use] = {}
        for each in self.all:
            if each.how == CALLED and each.name == name:
                seen.setdefault(each.node, each)
        return list(seen.values())

    def _value(self, node: ast.AST) -> Value:
        if isinstance(node, (ast.Name, ast.Attribute)):
            loaded = isinstance(node.ctx, ast.Load)
            return self.inference.value(node) if loaded else None
        return self.inference.value(node) if isinstance(node, ast.Call) else None

    def _uses(self, node: ast.AST, value: Value) -> list[Use]:
        how, where, name = self._done(node, value)
        whole = value if isinstance(value, Some) else Some()
        if not how:
            return []
        return [
            Use(made=each, how=how, node=where, name=name, value=whole)
            for each in sorted(members(value), key=lambda m: (m.call.lineno, m.name))
        ]

    def _done(  # noqa: PLR0911 - one a form
        self, node: ast.AST, value: Value
    ) -> tuple[str, ast.AST, str]:
        """Return what happens to the value of an expression; "": it can be followed."""
        parent = self.tree.parents[node]
        if isinstance(parent, ast.Attribute) and isinstance(value, Some):
            return self._of_attribute(parent)
        if isinstance(parent, ast.Call):
            return self._of_argument(node, parent, value)
        if isinstance(parent, ast.keyword):
            call = self.tree.parents[parent]
            return self._of_argument(node, call, value) if parent.arg else gone(parent)
        if isinstance(parent, (ast.IfExp, ast.NamedExpr)):
            is_test = isinstance(parent, ast.IfExp) and parent.test is node
            return nothing(parent) if is_test else self._done(parent, value)
        if isinstance(parent, ast.BoolOp):
            return self._of_truth(parent)
        if isinstance(parent, (ast.Assign, ast.AnnAssign)):
            return self._of_binding(parent, value)
        if isinstance(parent, ast.Return):
            return self._of_return(parent)
        if isinstance(parent, ast.Tuple):
            whole = self.inference.value(parent)
            kept = members(value) <= members(whole)
            return self._done(parent, whole) if kept else gone(parent)
        if isinstance(parent, ast.Subscript):
            found = self.inference.value(parent)
            return nothing(parent) if found is not None else gone(parent)
        harmless = (ast.Expr, ast.If, ast.While, ast.Assert, ast.UnaryOp, ast.Compare)
        is_harmless = isinstance(parent, (*harmless, ast.FormattedValue))
        return nothing(parent) if is_harmless else gone(parent)

    def _of_attribute(self, parent: ast.Attribute) -> tuple[str, ast.AST, str]:
        if not isinstance(parent.ctx, ast.Load):
            return BOUND, parent, parent.attr
        call = self.tree.parents[parent]
        if isinstance(call, ast.Call) and call.func is parent:
            return CALLED, call, parent.attr
        return READ, parent, parent.attr

    def _of_truth(self, parent: ast.AST) -> tuple[str, ast.AST, str]:
        around = self.tree.parents[parent]
        while isinstance(around, (ast.BoolOp, ast.UnaryOp)):
            around = self.tree.parents[around]
        tested = getattr(around, "test", None)
        inside = tested is parent or parent in ast.walk(tested or ast.Pass())
        return nothing(parent) if inside else gone(parent)

    def _of_argument(
        self, node: ast.AST, call: ast.AST, value: Value
    ) -> tuple[str, ast.AST, str]:
        if not isinstance(call, ast.Call) or call.func is node:
            return gone(call)
        dotted = self.tree.dotted(call.func)
        if dotted is not None and scheduler_called(dotted):
            made = self.inference.one(call)
            first = made.argument("optimizer") if made else None
            return (SCHEDULED, call, "") if first is node else gone(call)
        if isinstance(call.func, ast.Name) and call.func.id in LOOKED_AT:
            return nothing(call)
        if isinstance(call.func, ast.Attribute):
            if call.func.attr == "step" and call.args[:1] == [node]:
                return UPDATED, call, ""
            if call.func.attr == "unscale_":
                return nothing(call)
        return nothing(call) if self._is_followed(node, call, value) else gone(call)

    def _is_followed(self, node: ast.AST, call: ast.Call, value: Value) -> bool:
        """Say whether a parameter of a function of this file stands for it."""
        function = self.calls.function(call)
        if function is None:
            return False
        scope = self.tree.opened[function]
        for name in list(scope.bindings):
            if given(call, function, name) is node:
                inside = self.inference.name(name, scope)
                return members(value) <= members(inside)
        return False

    def _of_binding(
        self, parent: ast.Assign | ast.AnnAssign, value: Value
    ) -> tuple[str, ast.AST, str]:
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        for target in targets:
            if isinstance(target, ast.Attribute):
                bound = self.inference.attribute(target)
                if not members(value) <= members(bound):
                    return gone(parent)
                return KEPT, parent, target.attr
            if not self._is_bound(target, value):
                return gone(parent)
        return nothing(parent)

    def _is_bound(self, target: ast.expr, value: Value) -> bool:
        """Say whether all of a value can be found again under the names it gets."""
        if isinstance(target, ast.Name):
            bound = self.inference.name(target.id, self.tree.scopes[target])
            return members(value) <= members(bound)
        if isinstance(target, (ast.Tuple, ast.List)):
            items = getattr(value, "items", ())
            return len(items) == len(target.elts) and all(
                self._is_bound(*each)
                for each in zip(target.elts, items, strict=True)
                if members(each[1])
            )
        return False

    def _of_return(self, parent: ast.Return) -> tuple[str, ast.AST, str]:
        function = self.tree.scopes[parent].node
        followed = isinstance(function, FUNCTIONS) and self.calls.of(function)
        return nothing(parent) if followed else gone(parent)


def gone(node: ast.AST) -> tuple[str, ast.AST, str]:
    """Say that something goes where it cannot be followed."""
    return GONE, node, ""


def nothing(node: ast.AST) -> tuple[str, ast.AST, str]:
    """Say that nothing is done that matters, or that it is seen elsewhere."""
    return "", node, ""
