"""Tree: a program's syntax with its parents, scopes and names."""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING

from lrscope.check.known import EXPORTED, HARMLESS
from lrscope.check.scope import COMPREHENSIONS, FUNCTIONS, Binding, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

DYNAMIC = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr"})
"""Functions that can bind a name or an attribute without naming it."""
SAFE_DECORATORS = frozenset(
    {"torch.no_grad", "torch.enable_grad", "torch.inference_mode"}
)
"""Decorators that leave arguments and returned values as they are."""


class Tree:
    """A program's syntax; changes only while it is built.

    Attributes:
        nodes: all nodes, as they are written.
        parents: the node around each node.
        scopes: the scope that each expression is read in.
        opened: the scope that a function, class or module opens.
        names: where each name is read.
        attributes: where each attribute is read, by its name.
        stored: where each attribute is bound, by its name.
        is_dynamic: names may be bound in ways that do not show.
    """

    def __init__(self, module: ast.Module) -> None:
        self.module = module
        self.nodes: list[ast.AST] = []
        self.parents: dict[ast.AST, ast.AST] = {}
        self.scopes: dict[ast.AST, Scope] = {}
        self.opened: dict[ast.AST, Scope] = {}
        self.names: defaultdict[str, list[ast.Name]] = defaultdict(list)
        self.attributes: defaultdict[str, list[ast.Attribute]] = defaultdict(list)
        self.stored: defaultdict[str, list[tuple[ast.Attribute, Binding]]]
        self.stored = defaultdict(list)
        self._bound: set[ast.AST] = set()
        self._stars: list[tuple[str, ast.ImportFrom, Scope]] = []
        self._build(module)
        self.is_dynamic = bool(DYNAMIC & self.names.keys()) or bool(
            {"__dict__", "__setattr__"} & self.attributes.keys()
        )

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield the nodes around a node, the closest first."""
        found = self.parents.get(node)
        while found is not None:
            yield found
            found = self.parents.get(found)

    def statement(self, node: ast.AST) -> ast.stmt:
        """Return the statement that a node is or belongs to."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def bindings(self, name: str, scope: Scope) -> tuple[Scope, list[Binding]] | None:
        """Return where a name read in a scope is bound, and how."""
        home = scope.of(name)
        return None if home is None else (home, home.bindings[name])

    def dotted(self, node: ast.AST, depth: int = 0) -> str | None:
        """Return the full name of what an expression names, if it was imported."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or depth > 5:
            return None
        found = self.bindings(node.id, self.scopes[node])
        if found is None:
            return None
        meant = {
            each.dotted or (each.value and self._alias(each, depth))
            for each in found[1]
            if not (isinstance(each.value, ast.Constant) and each.value.value is None)
        }
        if len(meant) != 1 or None in meant:
            return None
        return ".".join([str(meant.pop()), *reversed(parts)])

    def _alias(self, binding: Binding, depth: int) -> str | None:
        if binding.path or binding.value is None:
            return None
        return self.dotted(binding.value, depth + 1)

    def is_plain(self, node: ast.AST) -> bool:
        """Say whether a definition has no decorator that could change it."""
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        called = [d.func if isinstance(d, ast.Call) else d for d in decorators]
        return all(self.dotted(each) in SAFE_DECORATORS for each in called)

    def _build(self, module: ast.Module) -> None:
        scope = Scope(node=module)
        self.opened[module] = scope
        waiting: list[tuple[ast.AST, Scope]] = [(module, scope)]
        while waiting:
            node, scope = waiting.pop()
            self.nodes.append(node)
            self.scopes[node] = scope
            self._note(node, scope)
            for child, inner in reversed(self._children(node, scope)):
                self.parents[child] = node
                waiting.append((child, inner))
        self._import_stars()

    def _children(self, node: ast.AST, scope: Scope) -> list[tuple[ast.AST, Scope]]:
        inner, outside = scope, set[ast.AST]()
        if isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef, *COMPREHENSIONS)):
            inner = Scope(node=node, parent=scope)
            self.opened[node] = inner
            outside.update(getattr(node, "decorator_list", ()))
            if isinstance(node, ast.ClassDef):
                outside |= {*node.bases, *node.keywords}
            elif not isinstance(node, COMPREHENSIONS):
                for arg in _parameters(node.args):
                    inner.bindings[arg.arg].append(Binding(node=arg))
        elif isinstance(node, ast.arguments):
            outside |= {*node.defaults, *filter(None, node.kw_defaults)}
        elif isinstance(node, ast.comprehension):
            generators: list[ast.comprehension] = getattr(scope.node, "generators", [])
            if generators[:1] == [node]:
                outside.add(node.iter)
        around = inner.parent or inner
        return [
            (child, (scope if inner is not scope else around))
            if child in outside
            else (child, inner)
            for child in ast.iter_child_nodes(node)
        ]

    def _note(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                self.names[node.id].append(node)
            elif node not in self._bound:
                home = scope.home(node.id)
                home.bindings[node.id].append(Binding(node=node))
        elif isinstance(node, ast.Attribute):
            if isinstance(node.ctx, ast.Load):
                self.attributes[node.attr].append(node)
            elif node not in self._bound:
                self.stored[node.attr].append((node, Binding(node=node)))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self._import(node, scope)
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            scope.home(node.name).bindings[node.name].append(Binding(node=node))
        else:
            self._note_statement(node, scope)

    def _note_statement(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, node.value, node, scope)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self._bind(node.target, node.value, node, scope)
            else:
                self._bound.add(node.target)
        elif isinstance(node, ast.NamedExpr):
            self._bind(node.target, node.value, node, scope.function)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            how = type(node).__name__.lower()
            scope.outer.update(dict.fromkeys(node.names, how))
        elif isinstance(node, ast.Return):
            scope.returns.append(node)
        elif isinstance(node, (ast.Yield, ast.YieldFrom)):
            scope.function.is_generator = True
        else:
            name = getattr(node, "name", None) or getattr(node, "rest", None)
            if isinstance(name, str) and not isinstance(node, ast.alias):
                scope.home(name).bindings[name].append(Binding(node=node))

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                module = f"{'.' * node.level}{node.module or ''}"
                if alias.name == "*":
                    self._stars.append((module, node, scope))
                    continue
                name = alias.asname or alias.name
                dotted = f"{module}.{alias.name}"
            elif alias.asname:
                name, dotted = alias.asname, alias.name
            else:
                name = dotted = alias.name.partition(".")[0]
            bound = Binding(node=node, dotted=dotted)
            scope.home(name).bindings[name].append(bound)

    def _import_stars(self) -> None:
        """Bind what stars bring, if it is known of every one of them."""
        modules = {module for module, _, _ in self._stars}
        if any(
            each not in EXPORTED and each.partition(".")[0] not in HARMLESS
            for each in modules
        ):
            return
        for module, node, scope in self._stars:
            for name in EXPORTED.get(module, ()):
                bound = Binding(node=node, dotted=f"{module}.{name}")
                scope.home(name).bindings[name].append(bound)

    def _bind(
        self,
        target: ast.expr,
        value: ast.expr | None,
        node: ast.AST,
        scope: Scope,
        path: tuple[int, ...] = (),
    ) -> None:
        binding = Binding(node=node, value=value, path=path)
        if isinstance(target, ast.Name):
            scope.home(target.id).bindings[target.id].append(binding)
            self._bound.add(target)
        elif isinstance(target, ast.Attribute):
            self.stored[target.attr].append((target, binding))
            self._bound.add(target)
        elif isinstance(target, (ast.Tuple, ast.List)):
            if any(isinstance(each, ast.Starred) for each in target.elts):
                return  # what each name gets depends on the length
            for number, each in enumerate(target.elts):
                self._bind(each, value, node, scope, (*path, number))


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    rest = [each for each in (arguments.vararg, arguments.kwarg) if each]
    return [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        *rest,
    ]
