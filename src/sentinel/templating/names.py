"""Whether a template speaks only of what there is, also where no sample comes by."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, get_args, get_origin

import msgspec
from jinja2 import nodes
from msgspec import Struct

from sentinel.config.suggest import did_you_mean, one_of
from sentinel.templating.flaw import Flaw

LOOP = ("index", "index0", "first", "last", "length", "revindex", "previtem", "nextitem")
_SAME_KIND = frozenset({"reverse", "where", "unique", "default"})
_OF_LIST = frozenset({"first", "last"})

Kind = Any
"""A record type, `list[record type]`, the marker _LOOP, or None for anything else."""
_LOOP = "loop"


def check_names(tree: nodes.Template, view: type[Struct]) -> None:
    """Raises Flaw for the first name that is none."""
    _Names(view).statements(tree.body, _kinds_of(view))


class _Names:
    def __init__(self, view: type[Struct]) -> None:
        self._view = view

    def statements(self, body: Iterable[nodes.Node], known: dict[str, Kind]) -> None:
        for node in body:
            self._statement(node, known)

    def _statement(self, node: nodes.Node, known: dict[str, Kind]) -> None:
        if isinstance(node, nodes.For):
            item = _item_of(self._kind(node.iter, known))
            inner = {**known, _LOOP: _LOOP, **_bound(node.target, item)}
            if node.test is not None:
                self._kind(node.test, inner)
            self.statements(node.body, inner)
            self.statements(node.else_, dict(known))
        elif isinstance(node, nodes.If):
            self._kind(node.test, known)
            for body in (node.body, node.elif_, node.else_):
                self.statements(body, known)
        elif isinstance(node, nodes.Assign):
            known.update(_bound(node.target, self._kind(node.node, known)))
        else:
            for child in node.iter_child_nodes():
                self._kind(child, known)

    def _kind(self, node: nodes.Node, known: dict[str, Kind]) -> Kind:
        if isinstance(node, nodes.Name):
            if node.name not in known:
                names = sorted(name for name in known if name != _LOOP)
                hint = did_you_mean(node.name, names) or "docs/templates.md lists them"
                raise Flaw(f"the variable {node.name!r}", one_of(names), hint, node.lineno)
            return known[node.name]
        if isinstance(node, nodes.Getattr):
            return _part(self._kind(node.node, known), node.attr, node.lineno)
        if isinstance(node, nodes.Getitem):
            kind = self._kind(node.node, known)
            self._kind(node.arg, known)
            if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
                return _part(kind, node.arg.value, node.lineno)
            if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, int):
                return _item_of(kind)
            return kind if isinstance(node.arg, nodes.Slice) else None
        kinds = [self._kind(child, known) for child in node.iter_child_nodes()]
        if isinstance(node, nodes.Filter) and kinds:
            if node.name in _SAME_KIND:
                return kinds[0]
            return _item_of(kinds[0]) if node.name in _OF_LIST else None
        return None


def _bound(target: nodes.Node, kind: Kind) -> dict[str, Kind]:
    if isinstance(target, nodes.Name):
        return {target.name: kind}
    return {name.name: None for name in target.find_all(nodes.Name)}


def _part(kind: Kind, name: str, line: int) -> Kind:
    """What a record's key holds. Raises Flaw where it has no such key."""
    if kind == _LOOP:
        names: Mapping[str, Kind] = dict.fromkeys(LOOP)
    elif isinstance(kind, type) and issubclass(kind, Struct):
        names = _kinds_of(kind)
    else:
        return None
    if name not in names:
        raise Flaw(f"the key {name!r}", one_of(names), did_you_mean(name, names), line)
    return names[name]


def _item_of(kind: Kind) -> Kind:
    origin: object = get_origin(kind)
    return get_args(kind)[0] if origin is list else None


def _kinds_of(record: type[Struct]) -> dict[str, Kind]:
    return {field.name: _plain(field.type) for field in msgspec.structs.fields(record)}


def _plain(annotation: Any) -> Kind:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    inner = _item_of(annotation) or annotation
    is_record = isinstance(inner, type) and issubclass(inner, Struct)
    return annotation if is_record else None
