"""Contacts as a CSV file: read with every problem told by its line, planned, taken in bites, and
written so that no spreadsheet runs what a stranger typed into a name."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest

from msgspec import Struct
from msgspec.structs import replace

from sentinel.clients import managing, preferences, sheet
from sentinel.clients.addresses import KINDS
from sentinel.clients.managing import Draft
from sentinel.clients.preferences import Choice, checked, clock_text
from sentinel.config.suggest import did_you_mean
from sentinel.errors import Invalid
from sentinel.store import clients, refusals
from sentinel.store.clients import Reached

LARGEST = sheet.LARGEST
_MOST_PROBLEMS = 200
COLUMNS = (
    "tenant", "name", "email", "sms", "webhook", "slack", "language", "timezone", "quiet",
    "digest", "components", "severity",
)  # fmt: skip


class Problem(Struct, frozen=True, kw_only=True):
    """`line` counts from 1, with the header."""

    line: int
    text: str


class Row(Struct, frozen=True):
    line: int
    draft: Draft


class Step(Struct, frozen=True, kw_only=True):
    """What a row comes to: `what` is new, changed, same or refused."""

    line: int
    what: str
    name: str
    detail: str = ""


def read(data: bytes, languages: Collection[str], zone: str) -> tuple[list[Row], list[Problem]]:
    """The rows in which nothing is wrong, and what is wrong in the others. Nothing is to be taken
    while there is a problem. `zone` is the time zone where none is given."""
    try:
        lines = list(sheet.records(data))
    except Invalid as error:
        return [], [Problem(line=1, text=str(error))]
    if not lines:
        return [], [Problem(line=1, text=f"expected a header such as {','.join(COLUMNS)}")]
    columns, problems = _header(lines[0][1])
    if problems:
        return [], problems
    rows: dict[tuple[str | None, str], Row] = {}
    for line, cells in lines[1:]:
        if not cells:
            continue
        try:
            draft = _draft(columns, cells, languages, zone)
            key = (draft.tenant, draft.name.casefold() or draft.addresses[0][1])
            rows[key] = _together(rows[key], draft) if key in rows else Row(line, draft)
        except Invalid as error:
            problems.append(Problem(line=line, text=str(error)))
            if len(problems) >= _MOST_PROBLEMS:
                problems.append(Problem(line=line, text="and perhaps more: mend these first"))
                break
    return list(rows.values()), problems


def _together(row: Row, more: Draft) -> Row:
    """Further addresses of a contact stand in further rows. Raises Invalid."""
    first = row.draft
    if more.wanted != first.wanted:
        raise Invalid(
            f"{more.name or more.addresses[0][1]}: expected the preferences of line {row.line}, "
            "where this contact stands too, found others"
        )
    addresses = tuple(dict.fromkeys((*first.addresses, *more.addresses)))
    return Row(row.line, replace(first, addresses=addresses))


def plan(conn: sqlite3.Connection, rows: Sequence[Row]) -> list[Step]:
    """What taking them would do. Changes nothing."""
    return [_step(conn, row, _known(conn, row.draft)) for row in rows]


def take(conn: sqlite3.Connection, rows: Sequence[Row], actor: str, now: float) -> list[Step]:
    """Taking the same rows again changes nothing. Contacts that the file does not name stay, and
    so do the preferences that contacts chose themselves."""
    steps = []
    for row in rows:
        known = _known(conn, row.draft)
        step = _step(conn, row, known)
        steps.append(step)
        if step.what not in ("new", "changed"):
            continue
        tenant = row.draft.tenant
        if tenant is not None and clients.tenant(conn, tenant) is None:
            managing.put_tenant(conn, tenant, tenant, now)
        wanted = _without_refused(conn, row.draft)
        if known is None:
            managing.create(conn, wanted, actor, now)
            continue
        managing.add_missing(conn, known, wanted, actor, now)
        if known.contact.chosen is None:
            again = clients.reached(conn, known.contact.id)
            assert again is not None
            preferences.choose(conn, again, wanted.wanted, actor, now)
    return steps


def written(contacts: Iterator[Reached]) -> Iterator[str]:
    """The lines of the file, from the live subscriptions: one row for each contact, and one more
    for each further address of a kind."""
    yield sheet.written(COLUMNS)
    for reached in contacts:
        wanted = preferences.of(reached)
        left = {kind: [o.address for o in reached.live if o.kind == kind] for kind in KINDS}
        while any(left.values()):
            contact, quiet = reached.contact, wanted.quiet
            yield sheet.written(
                [
                    contact.tenant or "",
                    contact.name,
                    *(left[kind].pop(0) if left[kind] else "" for kind in KINDS),
                    contact.language,
                    contact.timezone,
                    f"{clock_text(quiet.start)}-{clock_text(quiet.end)}" if quiet else "",
                    clock_text(wanted.digest),
                    ";".join(wanted.components),
                    wanted.severity,
                ]
            )


def _header(cells: list[str]) -> tuple[list[str], list[Problem]]:
    columns = [cell.strip().lower() for cell in cells]
    unknown = [name for name in columns if name not in COLUMNS]
    twice = {name for name in columns if columns.count(name) > 1}
    if unknown or twice:
        found = (unknown or sorted(twice))[0][:80]
        hint = did_you_mean(found.replace("-", ""), COLUMNS) if unknown else ""
        text = f"expected columns of {', '.join(COLUMNS)}, each once, found {found!r}"
        text += f"; {hint}" if hint else ""
        return columns, [Problem(line=1, text=text)]
    if not {*columns} & {*KINDS}:
        text = f"expected a column of {', '.join(KINDS)}, found none"
        return columns, [Problem(line=1, text=text)]
    return columns, []


def _draft(columns: list[str], cells: list[str], languages: Collection[str], zone: str) -> Draft:
    if len(cells) > len(columns):
        raise Invalid(f"expected {len(columns)} cells, found {len(cells)}")
    cell = dict(zip_longest(columns, map(sheet.plain, cells), fillvalue=""))
    start, _, end = cell.get("quiet", "").replace("–", "-").partition("-")  # noqa: RUF001
    wanted = checked(
        Choice(
            language=cell.get("language") or "en",
            timezone=cell.get("timezone") or zone,
            quiet_from=start,
            quiet_until=end,
            digest=cell.get("digest", ""),
            components=tuple(cell.get("components", "").split(";")),
            severity=cell.get("severity", "").lower() or "info",
        ),
        languages,
    )
    addresses: dict[str, list[str]] = {kind: [cell.get(kind, "")] for kind in KINDS}
    return managing.draft(cell.get("tenant") or None, cell.get("name", ""), addresses, wanted)


def _known(conn: sqlite3.Connection, draft: Draft) -> Reached | None:
    """By name; one without a name by its address."""
    if draft.name:
        return clients.named(conn, draft.tenant, draft.name)
    kind, address = draft.addresses[0]
    for contact, _ in clients.at_address(conn, kind, address):
        if contact.tenant == draft.tenant and not contact.name:
            return clients.reached(conn, contact.id)
    return None


def _step(conn: sqlite3.Connection, row: Row, known: Reached | None) -> Step:
    draft = row.draft
    refused = [
        pair for pair in draft.addresses if refusals.refused(conn, *pair, draft.tenant) is not None
    ]
    left = [pair for pair in draft.addresses if pair not in refused]
    say = _Saying(row, "; ".join(f"{address} wants nothing" for _, address in refused))
    if known is not None and known.contact.source == "config":
        return say("refused", "is in the configuration: change it there")
    live = set() if known is None else {(one.kind, one.address) for one in known.live}
    fresh = [address for kind, address in left if (kind, address) not in live]
    if known is None:
        if not left:
            return say("refused", "")
        is_new = draft.tenant is not None and clients.tenant(conn, draft.tenant) is None
        return say("new", f"a new tenant {draft.tenant}" if is_new else "")
    if fresh:
        return say("changed", f"new: {', '.join(fresh)}")
    if known.contact.chosen is None and known.live and preferences.of(known) != draft.wanted:
        return say("changed", "preferences")
    return say("refused" if refused and not left else "same", "")


class _Saying:
    def __init__(self, row: Row, beside: str) -> None:
        self._row = row
        self._beside = beside

    def __call__(self, what: str, detail: str) -> Step:
        draft = self._row.draft
        return Step(
            line=self._row.line,
            what=what,
            name=draft.name or draft.addresses[0][1],
            detail="; ".join(filter(None, (detail, self._beside))),
        )


def _without_refused(conn: sqlite3.Connection, draft: Draft) -> Draft:
    kept = tuple(
        pair for pair in draft.addresses if refusals.refused(conn, *pair, draft.tenant) is None
    )
    return Draft(tenant=draft.tenant, name=draft.name, addresses=kept, wanted=draft.wanted)
