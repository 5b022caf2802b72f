"""What a test of the rules expects: reads one expectation and checks what it names."""

from collections.abc import Collection
from typing import Any

import msgspec

from sentinel.config import schema_tests as schema
from sentinel.config.document import Document, KeyPath
from sentinel.config.model_tests import (
    ExpectConfig,
    ExpectedAction,
    ExpectedAlert,
    ExpectedDelivery,
    ExpectedIncidents,
    ExpectedUpdate,
)
from sentinel.config.names import Names, unknown_name
from sentinel.config.problem import Problem
from sentinel.config.reach import Reach
from sentinel.config.suggest import flow, one_of
from sentinel.model.values import Duration

_WHENS = ("at", "until", "between")
_WHATS = (
    "alert",
    "delivered",
    "not_delivered",
    "incident",
    "action",
    "no_action",
    "client_update",
    "no_client_update",
)
What = ExpectedAlert | ExpectedDelivery | ExpectedIncidents | ExpectedAction | ExpectedUpdate


def read_expectation(
    document: Document,
    path: KeyPath,
    record: schema.Expect,
    rules: Names,
    reach: Reach,
    actions: Collection[str],
    broadcasts: Collection[str],
    problems: list[Problem],
) -> ExpectConfig | None:
    """None, with problems, where it does not say what and when."""
    data = document.at(path)
    found = _exactly_one(document, path, data, _WHENS)
    found += _exactly_one(document, path, data, _WHATS)
    found += _check_state(document, path, record)
    start, end = _span(record)
    if start > end:
        found.append(
            document.problem(
                (*path, "between"),
                "config/wrong-value",
                found=f"{Duration(start)} before {Duration(end)}",
                expected="the earlier time first",
                hint=f"write [{Duration(end)}, {Duration(start)}]",
            )
        )
    what: What | None = None
    if record.alert is not None:
        found += rules.unknown(document, (*path, "alert"), record.alert)
        what = ExpectedAlert(
            alert=record.alert, state=record.state or "firing", labels=record.labels
        )
    for key, times in (("delivered", None), ("not_delivered", 0)):
        told = getattr(record, key)
        if told is not None:
            what = _delivery(document, (*path, key), told, times, reach, found)
    for key, runs in (("action", True), ("no_action", False)):
        name = getattr(record, key)
        if name is not None and name not in actions:
            found.append(unknown_name(document, (*path, key), "action", name, actions))
        elif name is not None:
            what = ExpectedAction(action=name, runs=runs)
    for key, goes_out in (("client_update", True), ("no_client_update", False)):
        update = getattr(record, key)
        if update is not None and update.broadcast not in broadcasts:
            here = (*path, key, "broadcast")
            found.append(unknown_name(document, here, "broadcast", update.broadcast, broadcasts))
        elif update is not None:
            what = ExpectedUpdate(broadcast=update.broadcast, phase=update.phase, goes_out=goes_out)
    if record.incident is not None:
        if record.incident.root is not None:
            found += rules.unknown(document, (*path, "incident", "root"), record.incident.root)
        what = msgspec.convert(msgspec.structs.asdict(record.incident), ExpectedIncidents)
    problems += found
    if found or what is None:
        return None
    return ExpectConfig(start=start, end=end, what=what, text=flow(data), line=document.line(path))


def _exactly_one(
    document: Document, path: KeyPath, data: dict[str, Any], keys: tuple[str, ...]
) -> list[Problem]:
    given = [key for key in keys if key in data]
    if len(given) == 1:
        return []
    return [
        document.problem(
            path,
            "test/one-of",
            found=" and ".join(given) or f"none of {', '.join(keys)}",
            expected=one_of(keys),
            hint="write an entry for each" if given else "",
        )
    ]


def _check_state(document: Document, path: KeyPath, record: schema.Expect) -> list[Problem]:
    if record.alert is not None and record.state is None:
        states = one_of(schema.EXPECTED_STATES)
        return [
            document.problem(
                path, "config/missing-key", found="no key state", expected=f"state: {states}"
            )
        ]
    if record.alert is None and (record.state is not None or record.labels):
        key = "labels" if record.state is None else "state"
        return [
            document.problem(
                (*path, key),
                "test/one-of",
                found=f"{key} without an alert",
                expected="alert: the name of a rule beside it",
            )
        ]
    return []


def _span(record: schema.Expect) -> tuple[float, float]:
    if record.between is not None:
        return float(record.between[0]), float(record.between[1])
    if record.until is not None:
        return 0.0, float(record.until)
    at = float(record.at or 0)
    return at, at


def _delivery(
    document: Document,
    path: KeyPath,
    record: schema.Delivered | schema.NotDelivered,
    times: int | None,
    reach: Reach,
    problems: list[Problem],
) -> ExpectedDelivery | None:
    if isinstance(record, schema.Delivered):
        times = record.times
    if record.by is not None and reach.whole:
        known = reach.named | reach.address_keys
        if record.by not in known:
            here = (*path, "by")
            problems.append(
                unknown_name(document, here, "channel or address key", record.by, known)
            )
    if record.to in reach.people:
        channels = [
            channel.name
            for channel in reach.channels.values()
            if record.by in (None, channel.name, channel.address)
        ]
        return ExpectedDelivery(
            person=record.to, channels=frozenset(channels), times=times, reason=record.reason
        )
    if record.to in reach.named:
        return ExpectedDelivery(
            person=None, channels=frozenset((record.to,)), times=times, reason=record.reason
        )
    names = {*reach.people, *reach.named}
    problems.append(unknown_name(document, (*path, "to"), "person or channel", record.to, names))
    return None
