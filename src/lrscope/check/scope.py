"""Scope: one part of a program that has names of its own, and what binds them."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Union

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One place where a name or an attribute gets a value.

    Attributes:
        node: the statement, parameter or definition that binds.
        value: the expression that it gets; None if that is not an expression.
        path: positions in it, if a tuple is unpacked.
        dotted: what is imported, if it is an import.
    """

    node: ast.AST
    value: ast.expr | None = None
    path: tuple[int, ...] = ()
    dotted: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Scope:
    """A module, class, function, lambda or comprehension; filled while it is read.

    Attributes:
        node: what opens it.
        parent: the scope around it; None for the module.
        bindings: what is bound in it, by name.
        outer: names that it declares global or nonlocal, and which.
        returns: its return statements.
        is_generator: it yields.
    """

    node: ast.AST
    parent: Scope | None = None
    bindings: defaultdict[str, list[Binding]] = field(
        default_factory=lambda: defaultdict(list)
    )
    outer: dict[str, str] = field(default_factory=dict)
    returns: list[ast.Return] = field(default_factory=list)
    is_generator: bool = False

    @property
    def module(self) -> Scope:
        """The scope of the module."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    @property
    def is_class(self) -> bool:
        """Whether a class opens it."""
        return isinstance(self.node, ast.ClassDef)

    @property
    def function(self) -> Scope:
        """The function, class or module that it belongs to: itself or one around."""
        scope = self
        while isinstance(scope.node, COMPREHENSIONS) and scope.parent is not None:
            scope = scope.parent
        return scope

    def home(self, name: str) -> Scope:
        """Return the scope in which a name is bound when this one binds it."""
        how = self.outer.get(name)
        if how == "global":
            return self.module
        if how == "nonlocal" and self.parent is not None:
            return self.parent.of(name) or self.parent
        return self

    def of(self, name: str) -> Scope | None:
        """Return the scope that a name read here belongs to; None: not of this file."""
        scope: Scope | None = self
        while scope is not None:
            if scope.outer.get(name) == "global":
                scope = scope.module
            visible = scope is self or not scope.is_class
            if visible and name in scope.bindings:
                return scope
            scope = scope.parent
        return None
