"""What docs/templates.md says of variables and filters, from the code."""

from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import Struct

from sentinel.templating.filters import ABOUT
from sentinel.templating.views import (
    AdminView,
    AlertView,
    CandidateView,
    CascadeView,
    ChangeView,
    ChoiceView,
    ClientView,
    FactView,
    IncidentView,
    LinkView,
)

_PARTS = (
    IncidentView,
    AlertView,
    CascadeView,
    CandidateView,
    ChangeView,
    FactView,
    LinkView,
    ChoiceView,
)


def variables_of_admins() -> str:
    parts = [_described(one, (one.__doc__ or "").strip()) for one in _PARTS]
    return "\n\n".join([_table(AdminView), *parts])


def variables_of_clients() -> str:
    return _table(ClientView)


def filters() -> str:
    rows = [f"| `{name}` | {_cell(text)} |" for name, text in sorted(ABOUT.items())]
    return "\n".join(["| filter | |", "|---|---|", *rows])


def _described(record: type[Struct], title: str) -> str:
    return f"{title.rstrip('.')}:\n\n{_table(record)}"


def _table(record: type[Struct]) -> str:
    rows = [
        f"| `{field.name}` | {_kind(field.type)} | {_cell(_description(field.type))} |"
        for field in msgspec.structs.fields(record)
    ]
    return "\n".join(["| variable | is | |", "|---|---|---|", *rows])


def _description(annotation: Any) -> str:
    found = [one.description for one in get_args(annotation)[1:] if isinstance(one, msgspec.Meta)]
    return found[0] or ""


def _kind(annotation: Any) -> str:
    inner = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if inner is int:
        return "number"
    origin: object = get_origin(inner)
    if origin is dict:
        return "mapping"
    if origin is list:
        item = get_args(inner)[0]
        return "list of texts" if item is str else "list of records"
    return "record" if isinstance(inner, type) and issubclass(inner, Struct) else "text"


def _cell(text: str) -> str:
    return text.rstrip(".").replace("|", "\\|")
