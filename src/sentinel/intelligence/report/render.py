"""The report as one text of bounded length: what helps least is left out first."""

from collections.abc import Sequence
from itertools import pairwise

from sentinel.intelligence.report.incident import incident_sections
from sentinel.intelligence.report.model import DebugReport, IncidentReport
from sentinel.intelligence.report.sections import Section, moment, sections
from sentinel.intelligence.report.style import Markdown, Plain, Style
from sentinel.intelligence.untrusted import Quoted, clip

LIMIT = 8_000
"""Characters that a report has at most: enough to act on, short enough to paste anywhere."""

_FOR_NOTES = 400


def render_markdown(report: DebugReport | IncidentReport, limit: int = LIMIT) -> str:
    """For people: a ticket, a chat, a wiki."""
    return _render(report, Markdown(), limit)


def render_text(report: DebugReport | IncidentReport, limit: int = LIMIT) -> str:
    """For an AI assistant, or any place that shows text as it is."""
    return _render(report, Plain(), limit)


def _render(report: DebugReport | IncidentReport, style: Style, limit: int) -> str:
    if isinstance(report, IncidentReport):
        name, found = f"incident {report.incident.id}", incident_sections(report, style)
        about = style.line(f"Made {moment(report.made)}.")
    else:
        name, found = f"error group {report.group.id}", sections(report, style)
        about = style.line(
            "Project ", Quoted(report.group.project), f", made {moment(report.made)}."
        )
    head = [style.heading(f"Debug report: {name}", 1), about, style.notice]
    room = limit - _FOR_NOTES - sum(len(block) + 2 for block in head)
    kept = _fit(found, style, room)
    blocks = [*head]
    for section, count in zip(found, kept, strict=True):
        if count:
            blocks += [style.heading(section.title), _joined(section.items[:count])]
    return "\n\n".join([*blocks, *_left_out(found, kept)]) + "\n"


def _fit(found: Sequence[Section], style: Style, room: int) -> list[int]:
    """How many items of each section have room, the most useful sections served first."""
    kept = [0] * len(found)
    for index in sorted(range(len(found)), key=lambda at: found[at].rank):
        section = found[index]
        room_before = room
        room -= len(style.heading(section.title)) + 2
        for item in section.items:
            if len(item) + 2 > room:
                break
            room -= len(item) + 2
            kept[index] += 1
        if not kept[index]:
            room = room_before
    return kept


def _joined(items: Sequence[str]) -> str:
    """List items under each other; blocks with an empty line between."""
    text = items[0]
    for before, item in pairwise(items):
        tight = "\n" not in before and "\n" not in item and _in_list(before) and _in_list(item)
        text += ("\n" if tight else "\n\n") + item
    return text


def _in_list(item: str) -> bool:
    return item.startswith("- ") or item[:1].isdigit()


def _left_out(found: Sequence[Section], kept: Sequence[int]) -> list[str]:
    notes = [
        f"{section.title.lower()} ({len(section.items) - count} of {len(section.items)})"
        for section, count in zip(found, kept, strict=True)
        if count < len(section.items)
    ]
    text = f"Left out to keep it short: {', '.join(notes)}."
    return [clip(text, _FOR_NOTES - 10)] if notes else []
