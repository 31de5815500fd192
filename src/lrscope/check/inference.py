"""Inference: which optimizers and schedulers an expression can be."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lrscope.check.calls import Calls, given
from lrscope.check.known import optimizer_called, scheduler_called
from lrscope.check.made import NOTHING, Made, Several, Some, Value, either
from lrscope.check.scope import FUNCTIONS

if TYPE_CHECKING:
    from lrscope.check.scope import Binding, Scope
    from lrscope.check.tree import Tree

DEEPEST = 100
"""Names that stand for names are followed this far."""
MOST = 200_000
"""Expressions that are looked at in one file; where functions call each other in
circles, an expression can be looked at again and again."""


class Inference:
    """Follows values through names, attributes and functions of one file.

    It joins all ways through the program: a name is what any of its bindings gives
    it. One binding that cannot be followed makes the value unknown.
    """

    def __init__(self, tree: Tree, calls: Calls) -> None:
        self.tree = tree
        self.calls = calls
        self._known: dict[ast.AST, Value] = {}
        self._open: dict[ast.AST, int] = {}
        self._turned = DEEPEST
        """Least depth of an open question that a later one led back to."""
        self.gave_up = False
        """Whether a question was left open; then nothing is sure."""
        self._left = MOST

    def value(self, node: ast.expr) -> Value:
        """Return what an expression can be."""
        if node in self._known:
            return self._known[node]
        if node in self._open:
            self._turned = min(self._turned, self._open[node])
            return NOTHING
        depth = len(self._open)
        self._left -= 1
        if depth >= DEEPEST or self._left < 0:
            self.gave_up = True
            return None
        self._open[node] = depth
        found = self._found(node)
        del self._open[node]
        if self._turned >= depth:  # nothing in it still waits for an earlier question
            self._turned = DEEPEST
            self._known[node] = found
        return found

    def one(self, node: ast.expr | None) -> Made | None:
        """Return the only thing that an expression can be."""
        value = self.value(node) if node is not None else None
        if isinstance(value, Some) and len(value.made) == 1:
            return next(iter(value.made))
        return None

    def _found(self, node: ast.expr) -> Value:  # noqa: PLR0911 - one a form
        if isinstance(node, ast.Constant):
            return NOTHING if node.value is None else None
        if isinstance(node, ast.Call):
            return self._called(node)
        if isinstance(node, ast.Name):
            found = self.tree.bindings(node.id, self.tree.scopes[node])
            return self._joined(found[1], found[0]) if found else None
        if isinstance(node, ast.Attribute):
            return self.attribute(node)
        if isinstance(node, ast.IfExp):
            return either(self.value(node.body), self.value(node.orelse))
        if isinstance(node, ast.NamedExpr):
            return self.value(node.value)
        if isinstance(node, ast.Tuple):
            return Several(items=tuple(self.value(each) for each in node.elts))
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            return _item(self.value(node.value), node.slice.value)
        return None

    def attribute(self, node: ast.Attribute) -> Value:
        """Return what an attribute of ``self`` can be, read or bound."""
        owner = self.calls.owner(node.value)
        if owner is None or self.tree.is_dynamic or not self.calls.is_whole(owner):
            return None
        bindings = list(owner.bindings.get(node.attr, ()))
        for target, binding in self.tree.stored[node.attr]:
            of = self.calls.owner(target.value)
            if of is None:
                return None  # bound from outside
            if of is owner:
                bindings.append(binding)
        return self._joined(bindings, owner) if bindings else None

    def name(self, name: str, scope: Scope) -> Value:
        """Return what a name can be that is bound in a scope."""
        found = self.tree.bindings(name, scope)
        return self._joined(found[1], found[0]) if found else None

    def _joined(self, bindings: list[Binding], scope: Scope) -> Value:
        value: Value = NOTHING
        for each in bindings:
            value = either(value, self._bound(each, scope))
            if value is None:
                return None
        return value

    def _bound(self, binding: Binding, scope: Scope) -> Value:
        if isinstance(binding.node, ast.arg):
            return self._given(binding.node.arg, scope)
        if binding.value is None:
            return None
        value = self.value(binding.value)
        for number in binding.path:
            value = _item(value, number)
        return value

    def _given(self, name: str, scope: Scope) -> Value:
        """Return what a parameter can be: what all calls give it."""
        function = scope.node
        calls = self.calls.of(function) if isinstance(function, FUNCTIONS) else None
        value: Value = None
        for number, call in enumerate(calls or ()):
            argument = given(call, function, name)  # type: ignore[arg-type]
            if argument is None:
                return None
            here = self.value(argument)
            value = here if number == 0 else either(value, here)
        return value

    def _called(self, node: ast.Call) -> Value:
        dotted = self.tree.dotted(node.func)
        if dotted is not None:
            name = scheduler_called(dotted) or optimizer_called(dotted)
            return Some(made=frozenset({Made(name=name, call=node)})) if name else None
        function = self.calls.function(node)
        if function is None or function.name == "__init__":
            return None
        scope = self.tree.opened[function]
        if scope.is_generator or not scope.returns:
            return None
        value: Value = NOTHING
        for each in scope.returns:
            value = either(value, self.value(each.value) if each.value else NOTHING)
        return value


def _item(value: Value, number: object) -> Value:
    if not isinstance(value, Several) or not isinstance(number, int):
        return None
    return value.items[number] if 0 <= number < len(value.items) else None
