"""What a report says, section by section, in the order of reading."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from sentinel.intelligence.report import background
from sentinel.intelligence.report.evidence import Frame, Raised
from sentinel.intelligence.report.model import DebugReport, Dependency, Link, Told
from sentinel.intelligence.report.style import Style
from sentinel.intelligence.untrusted import Line, Quoted, clip_lines, one_line
from sentinel.intelligence.wording import counted
from sentinel.model.alert import Alert

_MOST_TAGS = 20
_MOST_RELATED = 8
_MOST_FAR = 8
_MOST_ALERTS = 5
_MOST_TOLD = 10


class Section(Struct, frozen=True):
    """`rank` says what stays when there is too much: the smallest longest. Items are whole
    blocks; the first ones stay longest."""

    title: str
    rank: int
    items: tuple[str, ...]


def sections(report: DebugReport, style: Style) -> list[Section]:
    """Those that have something to say."""
    found = [
        ("What to do first", 0, _next_step),
        ("What happened", 1, _happened),
        ("Probable causes", 3, background.causes),
        ("Impact", 5, _impact),
        ("Source", 2, _source),
        ("Exceptions", 4, _exceptions),
        ("Dependencies", 6, _dependencies),
        ("What changed", 9, background.changed),
        ("Fix", 7, _fix),
        ("Similar incidents before", 8, background.similar),
        ("Reproduce", 13, _reproduce),
        ("Verify", 12, _verify),
        ("Settings", 14, _settings),
        ("Links", 17, _links),
        ("Common causes", 15, _common_causes),
        ("Related errors", 16, _related),
        ("Incident and alerts", 11, _incident),
        ("Who was told", 20, _told),
        ("Breadcrumbs, newest first", 18, _breadcrumbs),
        ("Request", 19, _request),
        ("Tags", 21, _tags),
        ("Write a catalog entry", 10, _stub),
    ]
    built = (Section(title, rank, tuple(make(report, style))) for title, rank, make in found)
    return [section for section in built if section.items]


def moment(at: float) -> str:
    """Such as 2026-11-21 14:02:11 UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _with(before: str, text: str) -> Line:
    return (before, Quoted(text)) if text else ()


def _next_step(report: DebugReport, style: Style) -> Iterator[str]:
    step = report.next_step
    yield style.line(style.own(step.text), *_with(" ", step.about))
    yield from background.fixed_before(report, style)


def _happened(report: DebugReport, style: Style) -> Iterator[str]:
    group, latest = report.group, report.latest
    yield style.fact("Title", Quoted(group.title))
    if report.entry:
        yield style.fact("Code", f"{report.entry.code}, {report.entry.title}")
        if report.entry.summary:
            yield style.fact("Meaning", style.own(report.entry.summary))
    elif group.code:
        yield style.fact("Code", Quoted(group.code), " (not in the catalog)")
    yield style.fact(
        "Status",
        f"{group.status}, level {group.level}",
        f", severity {group.severity}" if group.severity else "",
        f", category {report.entry.category}" if report.entry else "",
    )
    yield style.fact(
        "Seen",
        f"{counted(group.count, 'time')}, first {moment(group.first_seen)},"
        f" last {moment(group.last_seen)}",
    )
    yield from _releases(report, style)
    if latest:
        for label in ("environment", "service", "component", "host", "tenant", "platform"):
            if value := getattr(latest, label):
                yield style.fact(label.capitalize(), Quoted(value))
        if latest.handled is not None:
            yield style.fact("Handled by the application", "yes" if latest.handled else "no")
        if latest.trace:
            yield style.fact("Trace", Quoted(latest.trace))
        if latest.message and latest.message not in group.title:
            yield f"Message of the latest event:\n\n{style.block(clip_lines(latest.message, 12))}"


def _releases(report: DebugReport, style: Style) -> Iterator[str]:
    group = report.group
    if group.first_release:
        yield style.fact("First release with it", Quoted(group.first_release))
    if group.last_release and group.last_release != group.first_release:
        yield style.fact("Last release with it", Quoted(group.last_release))


def _impact(report: DebugReport, style: Style) -> Iterator[str]:
    impact = report.impact
    yield style.line(f"{impact.priority}: {impact.sentence}.")
    if impact.customer_facing is not None:
        yield style.fact("Customers notice", "yes" if impact.customer_facing else "no")
    if impact.revenue:
        yield style.fact("Revenue at stake", impact.revenue)
    if impact.companies:
        yield style.fact("Companies", impact.companies)
    if impact.features:
        yield style.fact("Features", ", ".join(impact.features))


def _source(report: DebugReport, style: Style) -> Iterator[str]:
    source = report.source
    if source is None:
        return
    if source.file:
        place = f"{source.file}:{source.line}" if source.line else source.file
        yield style.fact("File", Quoted(place))
    if source.function:
        yield style.fact("Function", Quoted(source.function))
    if source.transaction:
        yield style.fact("Transaction", Quoted(source.transaction))
    if source.query:
        yield f"Query:\n\n{style.block(clip_lines(source.query, 8))}"


def _exceptions(report: DebugReport, style: Style) -> Iterator[str]:
    for number, raised in enumerate(report.exceptions):
        lines = [one_line(f"{raised.type}: {raised.message}", 400), *_stack(raised)]
        block = style.block(lines)
        yield f"Caused by:\n\n{block}" if number else block


def _stack(raised: Raised) -> Iterator[str]:
    """Frames innermost first; code around the line only for the first one of the application."""
    detailed = next((f for f in raised.frames if f.in_app and f.context), None)
    detailed = detailed or next((f for f in raised.frames if f.context), None)
    for frame in raised.frames:
        where = f"{frame.file}:{frame.line}" if frame.line is not None else frame.file
        within = f" in {frame.function}" if frame.function else ""
        of_app = " (app)" if frame.in_app else ""
        yield f"  {one_line(f'{where}{within}{of_app}', 160)}"
        if frame is detailed:
            yield from _context(frame)
    if raised.hidden:
        yield f"… {raised.hidden} more frames"


def _context(frame: Frame) -> Iterator[str]:
    for number, code in frame.context:
        mark = ">" if number == frame.line else " "
        yield f"  {mark} {number:>5}  {clip_lines(code, 1, 120)[0]}".rstrip()


def _dependencies(report: DebugReport, style: Style) -> Iterator[str]:
    yield from background.standing(report, style)
    yield from _edges(report.causes, "May be caused by", style)
    yield from _edges(report.effects, "May cause", style)


def _edges(found: Sequence[Dependency], label: str, style: Style) -> Iterator[str]:
    near = [d for d in found if d.direct or d.active]
    far = [d.code for d in found if not (d.direct or d.active)]
    for dependency in near:
        state = "ACTIVE NOW" if dependency.active else "not active"
        way = "" if dependency.direct else ", in several steps"
        yield style.fact(label, f"{dependency.code} ({dependency.title}): {state}{way}")
    if far:
        more = f" and {len(far) - _MOST_FAR} more" if len(far) > _MOST_FAR else ""
        yield style.fact(f"{label}, in several steps", ", ".join(far[:_MOST_FAR]), more)


def _fix(report: DebugReport, style: Style) -> Iterator[str]:
    yield from _steps(report.entry.fix if report.entry else (), style)


def _verify(report: DebugReport, style: Style) -> Iterator[str]:
    yield from _steps(report.entry.verify if report.entry else (), style)


def _reproduce(report: DebugReport, style: Style) -> Iterator[str]:
    yield from _steps(report.entry.reproduce if report.entry else (), style)


def _steps(steps: Sequence[str], style: Style) -> Iterator[str]:
    return (style.step(number, text) for number, text in enumerate(steps, 1))


def _settings(report: DebugReport, style: Style) -> Iterator[str]:
    entry = report.entry
    if entry and entry.config_file:
        yield style.fact("File", entry.config_file)
    if report.named_vars:
        yield style.fact("Variables that the error names", ", ".join(report.named_vars))
    if entry and entry.env_vars:
        yield style.fact("Environment variables (names only)", ", ".join(entry.env_vars))


def _links(report: DebugReport, style: Style) -> Iterator[str]:
    if report.url:
        yield style.fact("This error in Sentinel", style.link(report.url))
    for link in report.links:
        yield _link(link, style)


def _link(link: Link, style: Style) -> str:
    if link.filled:
        return style.fact(link.label, style.link(link.url))
    return style.fact(link.label, Quoted(link.url), " (fill in what is in braces)")


def _common_causes(report: DebugReport, style: Style) -> Iterator[str]:
    for cause in report.entry.common_causes if report.entry else ():
        yield style.bullet(style.own(cause))


def _related(report: DebugReport, style: Style) -> Iterator[str]:
    for group in report.related[:_MOST_RELATED]:
        facts = f" ({group.status}, {counted(group.count, 'time')}, last {moment(group.last_seen)})"
        yield style.bullet(f"group {group.id}: ", Quoted(group.title), facts)
    if report.entry and report.entry.related_codes:
        yield style.fact("Codes to look at", ", ".join(report.entry.related_codes))


def _incident(report: DebugReport, style: Style) -> Iterator[str]:
    incident = report.incident
    if incident:
        facts = f" ({incident.state}, {incident.severity}, since {moment(incident.opened)})"
        yield style.bullet(f"Incident {incident.id}: ", Quoted(incident.title), facts)
        if incident.acknowledged_by:
            yield style.fact("Acknowledged by", Quoted(incident.acknowledged_by))
    yield from alert_lines(report.alerts[:_MOST_ALERTS], style)


def alert_lines(found: Sequence[Alert], style: Style, *, named: bool = False) -> Iterator[str]:
    """`named`: each with its code."""
    for alert in found:
        code = _with(" of ", alert.code) if named and alert.code else ()
        since = f": {alert.state}, {alert.severity}, since {moment(alert.started)}"
        yield style.bullet(f"Alert {alert.rule}", *code, since, *_with(": ", alert.verdict))


def _told(report: DebugReport, style: Style) -> Iterator[str]:
    yield from told_lines(report.told, style)


def told_lines(found: Sequence[Told], style: Style) -> Iterator[str]:
    for told in found[:_MOST_TOLD]:
        yield style.bullet(f"{told.who}: {told.state}", f", {moment(told.at)}" if told.at else "")


def _breadcrumbs(report: DebugReport, style: Style) -> Iterator[str]:
    for crumb in report.breadcrumbs:
        said = (crumb.at, crumb.level, crumb.category, crumb.message)
        yield style.bullet(Quoted(one_line(" ".join(filter(None, said)), 200)))


def _request(report: DebugReport, style: Style) -> Iterator[str]:
    request = report.request
    if request:
        yield style.bullet(Quoted(f"{request.method} {request.url}".strip()))
        if request.agent:
            yield style.fact("User agent", Quoted(request.agent))


def _tags(report: DebugReport, style: Style) -> Iterator[str]:
    tags = report.latest.tags if report.latest else {}
    for name, value in sorted(tags.items())[:_MOST_TAGS]:
        yield style.bullet(Quoted(f"{name}={value}"))


def _stub(report: DebugReport, style: Style) -> Iterator[str]:
    if report.stub is None:
        return
    code = report.group.code
    give = "" if code else " Then let the application send the code, as the tag `code`."
    yield style.line(
        "The catalog does not know this error. Put this into a file of your `catalog_dir`,"
        f" and complete it.{give} All keys: docs/catalog.md."
    )
    yield style.block(report.stub.rstrip("\n").split("\n"))
