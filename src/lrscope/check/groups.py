"""Groups: the parameter groups that are written down where an optimizer is made."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lrscope.check.made import NOT_GIVEN

if TYPE_CHECKING:
    from lrscope.check.made import Made
    from lrscope.check.program import Program

Group = dict[str, ast.expr]


def groups_of(program: Program, optimizer: Made) -> list[Group]:
    """Return the keys and values of each group; nothing if that is not sure."""
    listed = _list(program, optimizer.argument("params"), 0)
    if listed is None:
        return []
    found = [_group(program, each) for each in listed.elts]
    return [each for each in found if each is not None] if all(found) else []


def rates_of(program: Program, optimizer: Made) -> list[float] | None:
    """Return the rate that each group begins with; None: not sure."""
    groups = groups_of(program, optimizer)
    default = optimizer.argument("lr")
    rates = []
    for each in groups:
        given = each.get("lr", default)
        rate = None if given is NOT_GIVEN else program.constants.number(given)
        if rate is None:
            return None
        rates.append(rate)
    added = program.uses.of(optimizer, "called", name="add_param_group")
    return None if added or not rates else rates


def _list(program: Program, node: ast.expr | None, depth: int) -> ast.List | None:
    """Return the list that an expression is, if it is written down and left so."""
    if isinstance(node, ast.List):
        return node
    if depth > 5 or node is None:
        return None
    if isinstance(node, ast.Name):
        found = program.tree.bindings(node.id, program.tree.scopes[node])
        bindings = found[1] if found else []
        if len(bindings) != 1 or bindings[0].path:
            return None
        plain = isinstance(program.tree.parents[node], (ast.Call, ast.Return))
        read = [
            each
            for each in program.tree.names[node.id]
            if program.tree.scopes[each].of(node.id) is (found and found[0])
        ]
        once = plain and len(read) == 1
        return _list(program, bindings[0].value, depth + 1) if once else None
    if isinstance(node, ast.Call):
        function = program.calls.function(node)
        returns = program.tree.opened[function].returns if function else []
        if len(returns) == 1:
            return _list(program, returns[0].value, depth + 1)
    return None


def _group(program: Program, node: ast.expr) -> Group | None:
    if isinstance(node, ast.Call):
        named = isinstance(node.func, ast.Name) and node.func.id == "dict"
        shadowed = program.tree.scopes[node].of("dict")
        if (
            named
            and not shadowed
            and not node.args
            and all(k.arg for k in node.keywords)
        ):
            return {str(each.arg): each.value for each in node.keywords}
        return None
    if not isinstance(node, ast.Dict):
        return None
    keys = [
        each.value if isinstance(each, ast.Constant) else None for each in node.keys
    ]
    pairs = dict(zip(keys, node.values, strict=True))
    found = {key: value for key, value in pairs.items() if isinstance(key, str)}
    return found if len(found) == len(node.keys) else None
