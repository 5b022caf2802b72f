"""`sentinel send` and `sentinel change`: report an error, or a change, from a script."""

import json
import os
import sys
import urllib.error
import urllib.request
import uuid
from typing import Annotated, Any

import typer

from sentinel.cli.app import JsonOption, app, show_json
from sentinel.errors import Invalid, SentinelError

_ERRORS = "/api/v1/errors"
_CHANGES = "/api/v1/changes"
_TIMEOUT = 10.0
_LONGEST = 8_000


@app.command()
def send(
    message: Annotated[
        str | None, typer.Argument(help="What happened; read from standard input if left out.")
    ] = None,
    dsn: Annotated[
        str | None, typer.Option("--dsn", envvar="SENTINEL_DSN", help="As `sentinel dsn` prints.")
    ] = None,
    code: Annotated[str | None, typer.Option(help="Error code of the catalog.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Customer company that it concerns.")] = None,
    level: Annotated[str, typer.Option(help="fatal, error, warning, info or debug.")] = "error",
    environment: Annotated[str | None, typer.Option(help="Such as production.")] = None,
    release: Annotated[str | None, typer.Option(help="Version of the software.")] = None,
    service: Annotated[str | None, typer.Option(help="Part of the software.")] = None,
    user: Annotated[str | None, typer.Option(help="Id of the user who met it.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, as often as needed.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Report one error. Exit status 0 only once it is stored."""
    dsn = _required(dsn)
    text = message if message is not None else sys.stdin.read()
    given = {
        "id": uuid.uuid4().hex,
        "message": text.strip()[:_LONGEST],
        "code": code,
        "tenant": tenant,
        "level": level,
        "environment": environment,
        "release": release,
        "service": service,
        "user": user,
        "host": os.uname().nodename,
        "tags": dict(_pair(one) for one in tag or ()),
    }
    _report(dsn, _ERRORS, given, as_json)


@app.command()
def change(
    kind: Annotated[str, typer.Argument(help="Such as deploy, config, flag or migration.")],
    summary: Annotated[str | None, typer.Option(help="What changed, in one line.")] = None,
    dsn: Annotated[
        str | None, typer.Option("--dsn", envvar="SENTINEL_DSN", help="As `sentinel dsn` prints.")
    ] = None,
    service: Annotated[str | None, typer.Option(help="Part of the software.")] = None,
    component: Annotated[str | None, typer.Option(help="Component that it concerns.")] = None,
    environment: Annotated[str | None, typer.Option(help="Such as production.")] = None,
    release: Annotated[str | None, typer.Option(help="Version of the software.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Customer company that it concerns.")] = None,
    author: Annotated[str | None, typer.Option(help="Who did it.")] = None,
    url: Annotated[str | None, typer.Option(help="Where more is said, such as the job.")] = None,
    at: Annotated[
        str | None, typer.Option(help="When, as 2026-01-31T12:00:00Z; now if left out.")
    ] = None,
    id: Annotated[
        str | None, typer.Option("--id", help="UUID; the same one again is the same change.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, as often as needed.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Report a change, as the last step of a deploy. Exit status 0 only once it is stored."""
    given = {
        "id": id or uuid.uuid4().hex,
        "kind": kind,
        "summary": summary,
        "service": service,
        "component": component,
        "environment": environment,
        "release": release,
        "tenant": tenant,
        "author": author,
        "url": url,
        "at": at,
        "tags": dict(_pair(one) for one in tag or ()),
    }
    _report(_required(dsn), _CHANGES, given, as_json)


def _required(dsn: str | None) -> str:
    if dsn is None:
        raise Invalid("no DSN: give --dsn or SENTINEL_DSN what `sentinel dsn PROJECT` prints")
    return dsn


def _report(dsn: str, endpoint: str, given: dict[str, Any], as_json: bool) -> None:
    reply = _post(dsn, endpoint, {name: value for name, value in given.items() if value})
    if as_json:
        show_json(reply)
    else:
        typer.echo(f"stored {reply['ids'][0]}")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise typer.BadParameter(f"expected NAME=VALUE, found {text!r}")
    return name, value


def _post(dsn: str, endpoint: str, item: dict[str, Any]) -> dict[str, Any]:
    from sentinel.client.address import parse_address

    try:
        address = parse_address(dsn, endpoint=endpoint)
    except ValueError as problem:
        raise Invalid(str(problem)) from problem
    request = urllib.request.Request(  # noqa: S310 - parse_address takes http and https alone
        address.url,
        json.dumps(item).encode(),
        {"Content-Type": "application/json", "X-Sentinel-Key": address.key},
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310
            reply: dict[str, Any] = json.load(response)
            return reply
    except urllib.error.HTTPError as problem:
        raise SentinelError(f"refused with {problem.code}: {_reason(problem)}") from problem
    except (urllib.error.URLError, TimeoutError) as problem:
        reason = getattr(problem, "reason", problem)
        raise SentinelError(f"Sentinel can't be reached at {address.url}: {reason}") from problem


def _reason(problem: urllib.error.HTTPError) -> str:
    try:
        text: str = json.load(problem)["error"]["text"]
    except (ValueError, KeyError, TypeError):
        return problem.reason
    return text
