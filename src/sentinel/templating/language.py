"""The part of Jinja that templates are written in.

An allow-list: values, filters, `if`, `for`, `set`. Nothing can be called, nothing loaded, nothing
defined, so that none of the ways out of a sandbox that are known begins here.
"""

from collections.abc import Iterator, Mapping

from jinja2 import nodes

from sentinel.config.suggest import did_you_mean, one_of
from sentinel.templating.bounds import DEEPEST, LARGEST_NUMBER, MOST_ITEMS, MOST_NODES
from sentinel.templating.flaw import Flaw

STEPPED, BOUNDED, KEPT = "_stepped", "_bounded", "_kept"
"""Filters that `guarded` puts in. Their names can't be written in a template that was checked."""

TESTS = frozenset({"defined", "undefined", "none", "in", "odd", "even", "divisibleby"})
_ALLOWED: frozenset[type[nodes.Node]] = frozenset(
    {
        nodes.Add,
        nodes.And,
        nodes.Assign,
        nodes.Compare,
        nodes.Concat,
        nodes.CondExpr,
        nodes.Const,
        nodes.Div,
        nodes.Filter,
        nodes.FloorDiv,
        nodes.For,
        nodes.Getattr,
        nodes.Getitem,
        nodes.If,
        nodes.Keyword,
        nodes.List,
        nodes.Mod,
        nodes.Mul,
        nodes.Name,
        nodes.Neg,
        nodes.Not,
        nodes.Operand,
        nodes.Or,
        nodes.Output,
        nodes.Pos,
        nodes.Slice,
        nodes.Sub,
        nodes.Template,
        nodes.TemplateData,
        nodes.Test,
        nodes.Tuple,
    }
)
_CALLED = {nodes.Call, nodes.CallBlock}
_TOLD: Mapping[type[nodes.Node], str] = {
    nodes.AssignBlock: "{% set … %} with a block",
    nodes.Block: "{% block … %}",
    nodes.Dict: "a mapping in braces",
    nodes.Extends: "{% extends … %}",
    nodes.FilterBlock: "{% filter … %}",
    nodes.FromImport: "{% from … import … %}",
    nodes.Import: "{% import … %}",
    nodes.Include: "{% include … %}",
    nodes.Macro: "{% macro … %}",
    nodes.Pow: "the operator **",
    nodes.With: "{% with … %}",
}


def check_language(tree: nodes.Template, filters: Mapping[str, object]) -> None:
    """Raises Flaw for the first thing that templates don't have."""
    for number, (node, depth) in enumerate(_walk(tree, 0)):
        if number > MOST_NODES or depth > DEEPEST:
            raise Flaw(
                "a template with more in it", f"{MOST_NODES:,} parts, {DEEPEST} deep, at most"
            )
        _check(node, filters)


def guarded(tree: nodes.Template) -> nodes.Template:
    """The same with every loop counted, and every value that grows held within bounds."""
    for loop in list(tree.find_all(nodes.For)):
        tests = () if loop.test is None else (loop.test,)
        inside = sum(1 for node in (*loop.body, *tests) for _ in _walk(node, 0))
        loop.iter = _through(STEPPED, loop.iter, 1 + inside)
    for assign in list(tree.find_all(nodes.Assign)):
        assign.node = _through(KEPT, assign.node)
    _bound_joins(tree)
    return tree


def _bound_joins(node: nodes.Node) -> None:
    """Children first: what is put around a node must not be walked into again."""
    for child in list(node.iter_child_nodes()):
        _bound_joins(child)
    for name in node.fields:
        value = getattr(node, name)
        if isinstance(value, nodes.Concat):
            setattr(node, name, _through(BOUNDED, value))
        elif isinstance(value, list):
            value[:] = [
                _through(BOUNDED, one) if isinstance(one, nodes.Concat) else one for one in value
            ]


def _through(filter: str, value: nodes.Node, *given: int) -> nodes.Filter:
    assert isinstance(value, nodes.Expr), value
    arguments: list[nodes.Expr] = [nodes.Const(one, lineno=value.lineno) for one in given]
    return nodes.Filter(value, filter, arguments, [], None, None, lineno=value.lineno)


def _check(node: nodes.Node, filters: Mapping[str, object]) -> None:
    if type(node) in _CALLED:
        raise _call(node)
    if type(node) not in _ALLOWED:
        found = _TOLD.get(type(node), type(node).__name__)
        raise Flaw(found, "values, filters, if, for and set alone", line=node.lineno)
    if isinstance(node, nodes.Filter):
        _check_filter(node, filters)
    elif isinstance(node, nodes.Test) and node.name not in TESTS:
        hint = did_you_mean(node.name, TESTS)
        raise Flaw(f"the test {node.name!r}", one_of(sorted(TESTS)), hint, node.lineno)
    elif isinstance(node, nodes.For) and node.recursive:
        raise Flaw("a recursive loop", "a plain one", line=node.lineno)
    elif isinstance(node, nodes.Name) and node.ctx == "store" and node.name == "loop":
        raise Flaw("a variable called loop", "another name", line=node.lineno)
    elif isinstance(node, nodes.List | nodes.Tuple) and len(node.items) > MOST_ITEMS:
        raise Flaw("a longer list", f"{MOST_ITEMS} items at most", line=node.lineno)
    elif isinstance(node, nodes.Const) and isinstance(node.value, int | float):
        if not -LARGEST_NUMBER <= node.value <= LARGEST_NUMBER:
            raise Flaw("a larger number", f"{LARGEST_NUMBER:,} at most", line=node.lineno)
    elif isinstance(node, nodes.Concat) and len(node.nodes) > MOST_ITEMS:
        raise Flaw("more texts with ~ between them", f"{MOST_ITEMS} at most", line=node.lineno)


def _check_filter(node: nodes.Filter, filters: Mapping[str, object]) -> None:
    if node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None:
        raise Flaw("arguments with * before them", "plain ones", line=node.lineno)
    if node.name in filters:
        return
    hint = did_you_mean(node.name, filters)
    if node.name in ("safe", "escape", "e", "forceescape"):
        hint = "HTML is escaped by itself, and nothing can be spared that"
    raise Flaw(f"the filter {node.name!r}", one_of(sorted(filters)), hint, node.lineno)


def _call(node: nodes.Node) -> Flaw:
    called = getattr(node, "node", None)
    name = getattr(called, "attr", None) or getattr(called, "name", None)
    shown = f"a call: {name}()" if isinstance(name, str) else "a call"
    hint = f"write | {name}" if isinstance(called, nodes.Getattr) else "nothing can be called"
    return Flaw(shown, "values and filters", hint, node.lineno)


def _walk(node: nodes.Node, depth: int) -> Iterator[tuple[nodes.Node, int]]:
    """Without recursion, so that no nesting can exhaust the stack."""
    waiting = [(node, depth)]
    while waiting:
        current, level = waiting.pop()
        yield current, level
        waiting += [(child, level + 1) for child in current.iter_child_nodes()]
