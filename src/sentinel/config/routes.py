"""Routes: reads the tree and fills in what children inherit."""

import re
from collections.abc import Sequence

import msgspec

from sentinel.config.document import Document, KeyPath
from sentinel.config.intervals import Calendar
from sentinel.config.matchers import read_matchers
from sentinel.config.model import RouteConfig
from sentinel.config.names import Names
from sentinel.config.problem import Problem
from sentinel.config.schema_routing import Route
from sentinel.config.section import FIELD
from sentinel.config.suggest import show
from sentinel.config.validation import read_record
from sentinel.engine.routing import BY_INCIDENT
from sentinel.model.values import Duration

_DEFAULTS = Route(
    name="",
    group_by=list(BY_INCIDENT),
    group_wait=Duration(0),
    group_interval=Duration.parse("5m"),
    repeat_interval=Duration.parse("4h"),
)
_INHERITED = ("escalation", "group_by", "group_wait", "group_interval", "repeat_interval")


def read_routes(
    documents: Sequence[Document], escalations: Names, calendar: Calendar
) -> tuple[tuple[RouteConfig, ...], list[Problem]]:
    """The routes of all files as one list. The schema's own problems are not told."""
    reading = _Reading(escalations, calendar)
    routes = [
        reading.route(document, ("routes", index), record, _DEFAULTS)
        for document in documents
        for index in range(len(document.items("routes")))
        if (record := read_record(document, ("routes", index), Route)[0])
    ]
    return tuple(routes), reading.problems


class _Reading:
    def __init__(self, escalations: Names, calendar: Calendar) -> None:
        self.names = Names("route")
        self.escalations = escalations
        self.calendar = calendar
        self.problems: list[Problem] = []

    def route(self, document: Document, path: KeyPath, record: Route, parent: Route) -> RouteConfig:
        self.problems += self.names.add(document, (*path, "name"), record.name)
        route = _inherit(record, parent)
        self._check_escalation(document, path, record, route)
        self._check_group_by(document, path, record)
        self.problems += document.positive(
            path, group_interval=record.group_interval, repeat_interval=record.repeat_interval
        )
        for key in ("mute_time_intervals", "active_time_intervals"):
            self.calendar.named(document, (*path, key), self.problems)
        children = [
            self.route(document, (*path, "routes", index), child, route)
            for index, child in enumerate(record.routes)
        ]
        return RouteConfig(
            name=route.name,
            matchers=read_matchers(
                document, (*path, "matchers"), "route/bad-matcher", self.problems
            ),
            escalation=route.escalation or "",
            group_by=tuple(dict.fromkeys(route.group_by or ())),
            group_wait=float(route.group_wait or 0),
            group_interval=float(route.group_interval or 0),
            repeat_interval=float(route.repeat_interval or 0),
            muted=tuple(route.mute_time_intervals),
            active=tuple(route.active_time_intervals),
            continue_=route.continue_,
            routes=tuple(children),
            file=document.file,
            line=document.line(path),
        )

    def _check_escalation(
        self, document: Document, path: KeyPath, record: Route, route: Route
    ) -> None:
        if record.escalation is not None:
            here = (*path, "escalation")
            self.problems += self.escalations.unknown(document, here, record.escalation)
        elif route.escalation is None:
            self.problems.append(
                document.problem(
                    path,
                    "config/missing-key",
                    found="no key escalation",
                    expected="escalation: the name of an escalation",
                    hint="only a route below another one may leave it out",
                )
            )

    def _check_group_by(self, document: Document, path: KeyPath, record: Route) -> None:
        labels = record.group_by or []
        for index, label in enumerate(labels):
            if label == "...":
                expected = "labels by name, or incident"
                hint = "leave group_by out: then each incident is told of by itself"
            elif not re.fullmatch(FIELD, label):
                expected, hint = "the name of a label, or incident", ""
            elif label in BY_INCIDENT and len(labels) > 1:
                expected, hint = "either [incident] alone or labels", "take one of the two out"
            else:
                continue
            self.problems.append(
                document.problem(
                    (*path, "group_by", index),
                    "route/group-by",
                    found=show(label),
                    expected=expected,
                    hint=hint,
                )
            )


def _inherit(record: Route, parent: Route) -> Route:
    given = {key: getattr(record, key) for key in _INHERITED}
    filled = {key: getattr(parent, key) if value is None else value for key, value in given.items()}
    return msgspec.structs.replace(record, **filled)
