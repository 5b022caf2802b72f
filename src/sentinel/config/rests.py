"""When a person is left alone, and how much a person gets at most."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sentinel.config import schema_people as schema
from sentinel.config.document import Document, KeyPath
from sentinel.config.model import ChannelConfig
from sentinel.config.parsing import parsed, read_zone
from sentinel.config.problem import Problem
from sentinel.config.suggest import nearest, one_of, show
from sentinel.config.validation import read_record
from sentinel.engine.calendar_text import parse_clock
from sentinel.engine.quiet import Digest, Quiet
from sentinel.model.delivery import Limit


def limit_of(given: schema.PersonLimit | None) -> Limit | None:
    return None if given is None else Limit(given.most, float(given.within))


def read_quiet(
    document: Document, path: KeyPath, zone: ZoneInfo, problems: list[Problem]
) -> Quiet | None:
    """`path` is the person's; the schema's own problems are not told, here and below."""
    here = (*path, "quiet")
    record, _ = read_record(document, here, schema.Quiet)
    if record is None:
        return None
    zone = read_zone(document, (*here, "timezone"), zone, problems)
    start = parsed(document, (*here, "from"), parse_clock, problems)
    end = parsed(document, (*here, "until"), parse_clock, problems)
    if start is None or end is None:
        return None
    exempt = [record.except_] if isinstance(record.except_, str) else record.except_
    try:
        return Quiet(start=start, end=end, zone=zone, exempt=frozenset(exempt))
    except ValueError:
        problems.append(
            document.problem(
                (*here, "until"),
                "config/wrong-value",
                found=f"{show(record.until)}, when the quiet begins",
                expected="another time than `from`",
                hint="hours that never end would keep everything from the person",
            )
        )
        return None


def read_digest(
    document: Document, path: KeyPath, zone: ZoneInfo, problems: list[Problem]
) -> Digest | None:
    here = (*path, "digest")
    record, _ = read_record(document, here, schema.Digest)
    if record is None:
        return None
    zone = read_zone(document, (*here, "timezone"), zone, problems)
    places: list[KeyPath] = [(*here, "at")]
    if not isinstance(record.at, str):
        places = [(*here, "at", number) for number in range(len(record.at))]
    times = [parsed(document, place, parse_clock, problems) for place in places]
    whole = tuple(sorted({time for time in times if time is not None}))
    if not whole or None in times:
        return None
    return Digest(times=whole, zone=zone, severities=frozenset(record.severities))


def read_limits(
    document: Document,
    path: KeyPath,
    data: Mapping[str, Any],
    channels: Mapping[str, ChannelConfig],
    problems: list[Problem],
) -> dict[str, Limit]:
    """By channel or address key, as they stand there."""
    known = {*channels, *(one.address for one in channels.values() if one.address)}
    found: dict[str, Limit] = {}
    given = data.get("limits")
    for name in given if isinstance(given, dict) else ():
        here = (*path, "limits", name)
        if name not in known:
            meant = nearest(name, known)
            problems.append(
                document.problem(
                    here,
                    "reference/unknown",
                    found=f"the channel {show(name)}, which there is not",
                    expected=one_of(sorted(known)),
                    hint=f"did you mean {meant}?" if meant else "",
                )
            )
            continue
        record, _ = read_record(document, here, schema.PersonLimit)
        limit = limit_of(record)
        if limit is not None:
            problems += document.positive(here, within=limit.within)
            found[name] = limit
    return found
