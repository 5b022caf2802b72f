"""Alertmanager's time intervals, which Sentinel takes as they are.

Source: https://prometheus.io/docs/alerting/latest/configuration/#time_interval-0
"""

from typing import Any

from sentinel.config.document import Document, KeyPath
from sentinel.importing.emit import Noted
from sentinel.importing.notes import Notes
from sentinel.importing.receivers import name_from

_SECTIONS = ("time_intervals", "mute_time_intervals")
_LISTS = ("weekdays", "days_of_month", "months", "years")


def read_intervals(document: Document, notes: Notes) -> list[Noted]:
    """Those of the section, and of the older one that it took over from."""
    return [
        found
        for section in _SECTIONS
        for index in range(len(document.items(section)))
        if (found := _named(document, (section, index), notes)) is not None
    ]


def _named(document: Document, path: KeyPath, notes: Notes) -> Noted | None:
    given = document.at(path)
    spans = given.get("time_intervals") if isinstance(given, dict) else None
    if not isinstance(spans, list) or not given.get("name"):
        notes.refused(path, "a time interval", "found no name, or no list time_intervals, in it")
        return None
    what = f"time interval {given['name']}"
    read = [_span((*path, "time_intervals", n), span, notes, what) for n, span in enumerate(spans)]
    if any(span is None for span in read):
        return None
    notes.translated(path, what)
    named = {"name": name_from(str(given["name"])), "time_intervals": read}
    return Noted(named, (notes.place(path),))


def _span(path: KeyPath, span: Any, notes: Notes, what: str) -> dict[str, Any] | None:
    """None where a part is not understood: without it the interval would be longer."""
    if not isinstance(span, dict):
        notes.refused(path, what, "found no mapping")
        return None
    written: dict[str, Any] = {}
    for key, value in span.items():
        if key == "times" and isinstance(value, list) and all(map(_is_range, value)):
            written[key] = [{name: str(time) for name, time in one.items()} for one in value]
        elif key in _LISTS and isinstance(value, list) and all(map(_is_word, value)):
            written[key] = [str(one) for one in value]
        elif key == "location" and isinstance(value, str):
            written[key] = value
        else:
            notes.refused((*path, key), what, f"{key} is not understood")
            return None
    # Sentinel's own default is the time zone of the installation.
    return {**written, "location": written.get("location", "UTC")}


def _is_word(value: Any) -> bool:
    return isinstance(value, str | int)


def _is_range(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"start_time", "end_time"}
