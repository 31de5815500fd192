"""Constants: what an expression is worth, if the source alone says so."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from lrscope.check.calls import given
from lrscope.check.scope import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from lrscope.check.calls import Calls
    from lrscope.check.scope import Binding, Scope
    from lrscope.check.tree import Tree

DEEPEST = 30
LARGEST = 1e15
"""Greater numbers are not computed with: a power of them could take for ever."""

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
FUNCTIONS_OF_NUMBERS: dict[str, Callable[..., Any]] = {"int": int, "float": float}
READERS = frozenset({"get", "items", "keys", "values", "copy", "index", "count"})
"""Methods of lists and dicts that leave them as they are."""
HARMLESS = frozenset(
    [
        "dict",
        "enumerate",
        "float",
        "int",
        "len",
        "list",
        "max",
        "min",
        "print",
        "range",
        "repr",
        "reversed",
        "sorted",
        "str",
        "sum",
        "tuple",
        "zip",
    ]
)


class Unknown(Exception):  # noqa: N818 - it says what the value is
    """The source alone does not say it."""


class Constants:
    """Computes expressions of literals and of names that never change."""

    def __init__(self, tree: Tree, calls: Calls) -> None:
        self.tree = tree
        self.calls = calls
        self._turns: dict[ast.AST, Any] = {}
        """What the name of a comprehension is worth in this turn."""

    def number(self, node: ast.expr | None) -> float | None:
        """Return the number that an expression is worth; None if that is not sure."""
        value = self.value(node)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return value if is_number else None

    def value(self, node: ast.expr | None) -> Any:
        """Return what an expression is worth; None if that is not sure."""
        if node is None or self.tree.is_dynamic:
            return None
        self._turns.clear()
        try:
            return self._value(node, 0)
        except (Unknown, ArithmeticError, LookupError, TypeError, ValueError):
            return None

    def _value(self, node: ast.expr, depth: int) -> Any:  # noqa: PLR0911 - one a form
        if depth > DEEPEST:
            raise Unknown
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, (ast.List, ast.Tuple)):
            return tuple(self._value(each, depth + 1) for each in node.elts)
        if isinstance(node, ast.Dict):
            keys = [self._value(each, depth + 1) for each in node.keys if each]
            values = (self._value(each, depth + 1) for each in node.values)
            return dict(zip(keys, values, strict=True))  # too short: it has a **part
        if isinstance(node, (ast.BinOp, ast.UnaryOp)):
            return self._computed(node, depth)
        if isinstance(node, ast.Name):
            return self._named(node, depth)
        if isinstance(node, ast.Subscript):
            return self._value(node.value, depth + 1)[
                self._value(node.slice, depth + 1)
            ]
        if isinstance(node, ast.Call):
            return self._called(node, depth)
        if isinstance(node, ast.ListComp):
            return self._listed(node, depth)
        raise Unknown

    def _computed(self, node: ast.BinOp | ast.UnaryOp, depth: int) -> Any:
        if isinstance(node, ast.UnaryOp):
            operands = [self._value(node.operand, depth + 1)]
        else:
            operands = [
                self._value(each, depth + 1) for each in (node.left, node.right)
            ]
        compute = OPERATORS.get(type(node.op))
        for each in operands:
            if not isinstance(each, (int, float)) or abs(each) > LARGEST:
                raise Unknown
        if compute is None:
            raise Unknown
        return compute(*operands)

    def _called(self, node: ast.Call, depth: int) -> Any:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name and self.tree.scopes[node].of(name) is not None:
            raise Unknown
        if name == "dict" and not node.args and all(each.arg for each in node.keywords):
            pairs = [(each.arg, each.value) for each in node.keywords]
            return {key: self._value(value, depth + 1) for key, value in pairs}
        if name in FUNCTIONS_OF_NUMBERS and len(node.args) == 1 and not node.keywords:
            return FUNCTIONS_OF_NUMBERS[name](self._value(node.args[0], depth + 1))
        raise Unknown

    def _listed(self, node: ast.ListComp, depth: int) -> Any:
        """Compute ``[f(x) for x in xs]``."""
        (loop, *more) = node.generators
        if more or loop.ifs or loop.is_async or not isinstance(loop.target, ast.Name):
            raise Unknown
        values = []
        for turn in self._value(loop.iter, depth + 1):
            self._turns[node] = turn
            values.append(self._value(node.elt, depth + 1))
        return tuple(values)

    def _named(self, node: ast.Name, depth: int) -> Any:
        found = self.tree.bindings(node.id, self.tree.scopes[node])
        if found is None or len(found[1]) != 1:
            raise Unknown
        scope, (binding,) = found
        if scope.node in self._turns:
            return self._turns[scope.node]
        value = self._bound(binding, scope, depth)
        if isinstance(value, (dict, tuple)) and not self._stays(node.id, scope, depth):
            raise Unknown
        return value

    def _bound(self, binding: Binding, scope: Scope, depth: int) -> Any:
        if isinstance(binding.node, ast.arg):
            return self._given(binding.node.arg, scope, depth)
        if binding.value is None:
            raise Unknown
        node = binding.value
        for number in binding.path:
            if not isinstance(node, (ast.Tuple, ast.List)) or len(node.elts) <= number:
                raise Unknown
            node = node.elts[number]
        return self._value(node, depth + 1)

    def _given(self, name: str, scope: Scope, depth: int) -> Any:
        function = scope.node
        calls = self.calls.of(function) if isinstance(function, FUNCTIONS) else None
        values = []
        for call in calls or ():
            argument = given(call, function, name)  # type: ignore[arg-type]
            if argument is None:
                raise Unknown
            values.append(self._value(argument, depth + 1))
        if not values or any(
            each != values[0] or type(each) is not type(values[0]) for each in values
        ):
            raise Unknown
        return values[0]

    def _stays(self, name: str, scope: Scope, depth: int) -> bool:
        """Say whether a list or dict is nowhere changed or given away."""
        if depth > DEEPEST:
            return False
        for each in self.tree.names[name]:
            meant = self.tree.scopes[each].of(name) is scope
            if meant and not self._leaves(each, depth):
                return False
        return True

    def _leaves(self, node: ast.Name, depth: int) -> bool:
        """Say whether a list or dict is left as it is where it is read."""
        parent = self.tree.parents[node]
        item = isinstance(parent, ast.Subscript)
        while isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Load):
            parent = self.tree.parents[parent]
        if isinstance(parent, ast.Attribute):
            return parent.attr in READERS
        if item:
            return not isinstance(parent, (ast.Subscript, ast.AugAssign, ast.Delete))
        if isinstance(parent, ast.keyword):
            call = self.tree.parents[parent]
            return parent.arg is None or self._leaves_given(node, call, depth)
        if isinstance(parent, ast.Call):
            return self._leaves_given(node, parent, depth)
        looked_at = (ast.Starred, ast.comprehension, ast.For, ast.Compare, ast.If)
        return isinstance(parent, (*looked_at, ast.FormattedValue))

    def _leaves_given(self, node: ast.Name, call: ast.AST, depth: int) -> bool:
        if not isinstance(call, ast.Call):
            return False
        if isinstance(call.func, ast.Name) and call.func.id in HARMLESS:
            return True
        dotted = self.tree.dotted(call.func) or ""
        if dotted.startswith(("torch.optim.", "json.dumps", "transformers.get_")):
            return True
        function = self.calls.function(call)
        if function is None:
            return False
        scope = self.tree.opened[function]
        return any(
            given(call, function, name) is node and self._stays(name, scope, depth + 1)
            for name in list(scope.bindings)
        )
