"""The API's description (OpenAPI 3.1), made from the table that it is served from."""

import re
from collections.abc import Iterable
from importlib.metadata import version
from itertools import chain
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from sentinel.ingest.changes import ChangeReport
from sentinel.ingest.errors import Report
from sentinel.web.api.call import Endpoint

BASE = "/api/v1"
_REF = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_REFUSALS = {
    "400": "What was found is not what was expected.",
    "401": "No API token, or an unknown one.",
    "403": "The role does not allow it.",
    "404": "There is no such thing.",
}


class Reason(Struct, frozen=True):
    """`id` is a stable word to branch by, `text` a sentence for a person."""

    id: str
    text: str


class Refusal(Struct, frozen=True):
    error: Reason


class Accepted(Struct, frozen=True):
    """The ids of the errors or changes, in the order in which they were sent."""

    ids: list[str]


class Batch(Struct, frozen=True):
    errors: list[Report]


class ChangeBatch(Struct, frozen=True):
    changes: list[ChangeReport]


_INTAKES: dict[str, tuple[type[Struct], type[Struct]]] = {
    "error": (Report, Batch),
    "change": (ChangeReport, ChangeBatch),
}
"""What receivers take beside the lists of the same path, one by one or several at once."""


def describe(endpoints: Iterable[Endpoint], url: str) -> dict[str, Any]:
    table = list(endpoints)
    schemas = _Schemas(table)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in table:
        path = BASE + _PARAMETER.sub(r"{\1}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    for noun in _INTAKES:
        paths[f"{BASE}/{noun}s"]["post"] = _intake(noun, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sentinel",
            "version": version("sentinel"),
            "description": "Errors, alerts, incidents and deliveries. Times are seconds since"
            " 1970-01-01 UTC. Lists are paged: `next` is the `cursor` of the next page.",
        },
        "servers": [{"url": url}],
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token: Settings, API tokens.",
                },
                "projectKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Sentinel-Key",
                    "description": "The key in a project's DSN.",
                },
            },
        },
    }


class _Schemas:
    """The schemas of all records, and where each one is to be found among them."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        types: list[Any] = [Refusal, Accepted, *chain(*_INTAKES.values())]
        for endpoint in endpoints:
            types += [endpoint.query, endpoint.reply, endpoint.body or Refusal]
        distinct = list({repr(one): one for one in types}.values())
        found, components = msgspec.json.schema_components(distinct, ref_template=_REF)
        self._found = {repr(one): schema for one, schema in zip(distinct, found, strict=True)}
        self.components = components

    def of(self, kind: Any) -> dict[str, Any]:
        return self._found[repr(kind)]

    def fields_of(self, kind: type[Struct]) -> dict[str, Any]:
        schema = self.of(kind)
        name = schema.get("$ref", "").rpartition("/")[2]
        fields: dict[str, Any] = self.components.get(name, schema).get("properties", {})
        return fields


def _operation(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    content = {"application/json": {"schema": schemas.of(endpoint.reply)}}
    for media in endpoint.raw:
        content.setdefault(media, {"schema": {"type": "string"}})
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "description": f"Takes the role {endpoint.role}.",
        "operationId": _id_of(endpoint),
        "parameters": [*_in_path(endpoint.path), *_in_query(endpoint, schemas)],
        "responses": {
            str(endpoint.status): {"description": endpoint.summary, "content": content},
            **_refusals(schemas, _REFUSALS),
        },
    }
    if endpoint.body is not None:
        required = any(field.required for field in fields(endpoint.body))
        operation["requestBody"] = _json_body(schemas.of(endpoint.body), required=required)
    return operation


def _in_path(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer" if kind == "number" else "string"},
        }
        for name, kind in _PARAMETER.findall(path)
    ]


def _in_query(endpoint: Endpoint, schemas: _Schemas) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in schemas.fields_of(endpoint.query).items()
    ]


def _intake(noun: str, schemas: _Schemas) -> dict[str, Any]:
    """The receiver's endpoint, which shares its path with a list."""
    one, batch = (schemas.of(kind) for kind in _INTAKES[noun])
    several = {"type": "array", "items": one}
    return {
        "summary": f"Send one {noun}, or several",
        "description": "Answered only after everything is stored. The key is a project's.",
        "operationId": f"send_{noun}s",
        "security": [{"projectKey": []}],
        "parameters": [],
        "requestBody": _json_body({"anyOf": [one, several, batch]}),
        "responses": {
            "200": {
                "description": "Stored.",
                "content": {"application/json": {"schema": schemas.of(Accepted)}},
            },
            **_refusals(
                schemas,
                {
                    "400": "What was found is not what was expected.",
                    "401": "No key, or an unknown one.",
                    "413": "Larger than the limits.",
                    "429": "A queue or a quota is full: see Retry-After.",
                    "503": "The store does not take it: see Retry-After.",
                },
            ),
        },
    }


def _json_body(schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def _refusals(schemas: _Schemas, texts: dict[str, str]) -> dict[str, Any]:
    content = {"application/json": {"schema": schemas.of(Refusal)}}
    return {status: {"description": text, "content": content} for status, text in texts.items()}


def _id_of(endpoint: Endpoint) -> str:
    words = re.findall(r"\w+", _PARAMETER.sub(lambda found: f"by_{found[1]}", endpoint.path))
    return "_".join([endpoint.method.lower(), *words])
