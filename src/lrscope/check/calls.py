"""Calls: which functions of a file are called from where in it, with what."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lrscope.check.made import NOT_GIVEN, argument_of
from lrscope.check.scope import FUNCTIONS, Function

if TYPE_CHECKING:
    from lrscope.check.scope import Scope
    from lrscope.check.tree import Tree

HARMLESS_BASES = frozenset(
    {
        "torch.nn.Module",
        "torch.utils.data.Dataset",
        "abc.ABC",
        "typing.Protocol",
        "typing.Generic",
    }
)
"""Classes that do nothing with the attributes of a class derived from them."""


class Calls:
    """Finds the function behind a call, and the calls of a function."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._of: dict[ast.AST, list[ast.Call] | None] = {}

    def function(self, call: ast.Call) -> Function | None:
        """Return the function of this file that a call surely runs."""
        func = call.func
        if isinstance(func, ast.Name):
            found = self._named(func)
            if isinstance(found, ast.ClassDef):
                found = self.method(self.tree.opened[found], "__init__")
        elif isinstance(func, ast.Attribute):
            owner = self.owner(func.value)
            found = self.method(owner, func.attr) if owner else None
        else:
            found = None
        runs = isinstance(found, ast.FunctionDef) and self.tree.is_plain(found)
        return found if runs else None  # type: ignore[return-value]

    def owner(self, node: ast.expr) -> Scope | None:
        """Return the class whose instance a name such as ``self`` is."""
        if not isinstance(node, ast.Name):
            return None
        found = self.tree.bindings(node.id, self.tree.scopes[node])
        if found is None:
            return None
        scope, bindings = found
        around = scope.parent
        if not isinstance(scope.node, FUNCTIONS) or around is None:
            return None
        arguments = [*scope.node.args.posonlyargs, *scope.node.args.args]
        first = arguments[0] if arguments else None
        is_first = len(bindings) == 1 and bindings[0].node is first
        plain = self.tree.is_plain(scope.node)
        return around if around.is_class and is_first and plain else None

    def is_whole(self, owner: Scope) -> bool:
        """Say whether a class is all there is: no unknown base, none derived."""
        node = owner.node
        if not isinstance(node, ast.ClassDef) or node.keywords:
            return False
        for base in node.bases:
            inner = base.value if isinstance(base, ast.Subscript) else base
            plain = isinstance(inner, ast.Name) and inner.id == "object"
            if not plain and self.tree.dotted(inner) not in HARMLESS_BASES:
                return False
        return not any(
            isinstance(self.tree.parents[each], ast.ClassDef)
            for each in self.tree.names[node.name]
        )

    def method(self, owner: Scope, name: str) -> ast.AST | None:
        """Return the only definition of a method of a class."""
        bindings = owner.bindings.get(name, ())
        if len(bindings) != 1 or not self.is_whole(owner):
            return None
        return bindings[0].node

    def of(self, function: Function) -> list[ast.Call] | None:
        """Return all calls of a function, at least one; None: there may be others."""
        if function not in self._of:
            found = self._found(function) if self.tree.is_plain(function) else None
            self._of[function] = found or None
        return self._of[function]

    def _found(self, function: Function) -> list[ast.Call] | None:
        scope = self.tree.opened[function].parent
        if scope is not None and scope.is_class:
            if function.name == "__init__":
                return self._called(self.tree.names[scope.node.name], scope.node)  # type: ignore[attr-defined]
            read: list[ast.expr] = list(self.tree.attributes[function.name])
            return self._called(read, function)
        return self._called(self.tree.names[function.name], function)

    def _called(
        self, read: list[ast.Name] | list[ast.expr], what: ast.AST
    ) -> list[ast.Call] | None:
        calls = []
        for each in read:
            call = self.tree.parents[each]
            if isinstance(each, ast.Name) and self._named(each) is not what:
                continue
            if not (isinstance(call, ast.Call) and call.func is each):
                return None
            meant = self.function(call)
            own = meant is what or (
                isinstance(what, ast.ClassDef) and meant is not None
            )
            if not own:
                return None
            calls.append(call)
        return calls

    def _named(self, name: ast.Name) -> ast.AST | None:
        found = self.tree.bindings(name.id, self.tree.scopes[name])
        if found is None or len(found[1]) != 1:
            return None
        node = found[1][0].node
        return node if isinstance(node, (*FUNCTIONS, ast.ClassDef)) else None


def given(call: ast.Call, function: Function, name: str) -> ast.expr | None:
    """Return what a call gives for a parameter, or its default; None: unclear."""
    arguments = function.args
    order = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    keywords = [each.arg for each in arguments.kwonlyargs]
    if name not in (*order, *keywords):
        return None
    bound = _is_bound(call, function)
    found = argument_of(call, tuple(order[1:] if bound else order), name)
    if found is not NOT_GIVEN:
        return found
    if name in order:
        late = order.index(name) - len(order) + len(arguments.defaults)
        return arguments.defaults[late] if late >= 0 else None
    return arguments.kw_defaults[keywords.index(name)]


def _is_bound(call: ast.Call, function: Function) -> bool:
    made = isinstance(call.func, ast.Name) and function.name == "__init__"
    return made or isinstance(call.func, ast.Attribute)
