"""What the report on an incident says, section by section: the incident's own, then what there is
to say of the error behind its root."""

from collections.abc import Iterator

from msgspec.structs import replace

from sentinel.intelligence.report import background
from sentinel.intelligence.report.model import IncidentReport
from sentinel.intelligence.report.sections import (
    Section,
    alert_lines,
    moment,
    sections,
    told_lines,
)
from sentinel.intelligence.report.style import Style
from sentinel.intelligence.untrusted import Quoted

_MOST_CASCADES = 10
# The error's own sections come after the incident's where room is short, but for these.
_AHEAD = {"Source": 3, "Exceptions": 5, "Impact": 4}
_AFTER = 10
_SAID = {"What to do first", "Incident and alerts", "Who was told"}


def incident_sections(report: IncidentReport, style: Style) -> list[Section]:
    """Those that have something to say."""
    found = [
        ("What to do first", 0, _next_step),
        ("The incident", 1, _incident),
        ("Probable causes", 2, background.causes),
        ("Cascades", 6, _cascades),
        ("What changed", 7, background.changed),
        ("Similar incidents before", 8, background.similar),
    ]
    built = [Section(title, rank, tuple(make(report, style))) for title, rank, make in found]
    if report.error is not None:
        built += [_of_error(one) for one in sections(report.error, style) if one.title not in _SAID]
    built.append(Section("Who was told", 40, tuple(told_lines(report.told, style))))
    return [section for section in built if section.items]


def _of_error(section: Section) -> Section:
    title = "The error behind it" if section.title == "What happened" else section.title
    return replace(section, title=title, rank=_AHEAD.get(title, section.rank + _AFTER))


def _next_step(report: IncidentReport, style: Style) -> Iterator[str]:
    step = report.next_step
    about = (" ", Quoted(step.about)) if step.about else ()
    yield style.line(style.own(step.text), *about)
    yield from background.fixed_before(report, style)


def _incident(report: IncidentReport, style: Style) -> Iterator[str]:
    incident = report.incident
    yield style.fact("Title", Quoted(incident.title))
    home = incident.folded_into
    state = incident.state if home is None else f"part of incident {home}, which has the same cause"
    yield style.fact("State", f"{state}, {incident.severity}")
    if incident.acknowledged_by:
        yield style.fact("Acknowledged by", Quoted(incident.acknowledged_by))
    yield style.fact("Since", moment(incident.opened))
    if incident.resolved is not None:
        yield style.fact("Over since", moment(incident.resolved))
    if report.entry:
        yield style.fact("Code", f"{report.entry.code}, {report.entry.title}")
    elif incident.code:
        yield style.fact("Code", Quoted(incident.code), " (not in the catalog)")
    if incident.tenant:
        yield style.fact("Tenant", Quoted(incident.tenant))
    yield from background.standing(report, style)
    yield from alert_lines([report.root] if report.root else [], style)
    if report.url:
        yield style.fact("In Sentinel", style.link(report.url))


def _cascades(report: IncidentReport, style: Style) -> Iterator[str]:
    yield from alert_lines(report.cascades[:_MOST_CASCADES], style, named=True)
    if len(report.cascades) > _MOST_CASCADES:
        yield style.bullet(f"and {len(report.cascades) - _MOST_CASCADES} more")
