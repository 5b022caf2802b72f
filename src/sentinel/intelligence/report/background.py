"""What stands behind an error or an incident: causes, changes, and what it was before."""

from collections.abc import Iterator

from sentinel.intelligence.report.model import DebugReport, IncidentReport
from sentinel.intelligence.report.style import Style
from sentinel.intelligence.untrusted import Line, Quoted, one_line
from sentinel.intelligence.wording import counted, long_ago, span
from sentinel.model.cause import Candidate
from sentinel.model.resolution import Similar
from sentinel.model.signal import Change

AnyReport = DebugReport | IncidentReport

_MOST_CHANGES = 8
_MOST_WORSE = 8
_HELD = {True: "it held", False: "it came back within a week", None: "it has held so far"}


def fixed_before(report: AnyReport, style: Style) -> Iterator[str]:
    """What helped the last time, for whoever reads no further."""
    found = report.background.findings.fix
    if found and found.fix:
        ago = f"({long_ago(report.made - found.resolved)} ago)"
        which = "Last time" if found.recurs else "A similar incident"
        yield style.line(f"{which} {ago} this was fixed by: ", Quoted(found.fix.text))


def standing(report: AnyReport, style: Style) -> Iterator[str]:
    found = report.background.standing
    if found is None:
        return
    yield style.fact("Root cause or cascade", Quoted(found.sentence))
    if found.services:
        yield style.fact("Services affected", Quoted(", ".join(found.services)))
    if found.features and isinstance(report, IncidentReport):
        yield style.fact("Features affected", ", ".join(found.features))


def causes(report: AnyReport, style: Style) -> Iterator[str]:
    # Names and reasons may quote services, authors and plugins: all of it is shown as data.
    for one in report.background.findings.candidates:
        yield style.bullet(*_candidate(one))


def _candidate(one: Candidate) -> Line:
    line: list[str | Quoted] = [
        f"{one.confidence} ({one.score:.0%}), {one.kind} ",
        Quoted(one.name),
    ]
    if one.title and one.title != one.name:
        line += [" ", Quoted(one_line(one.title, 120))]
    for number, reason in enumerate(one.reasons):
        line += ["; " if number else ": ", Quoted(reason)]
    return tuple(line)


def changed(report: AnyReport, style: Style) -> Iterator[str]:
    """Since the last known good snapshot, and in the hour before it began."""
    good = report.background.since_good
    if good is not None:
        passed = f"{counted(good.minutes, 'minute')} since all was good"
        worse = counted(len(good.worse), "thing") if good.worse else "nothing"
        yield style.bullet(f"{passed}, worse: {worse}")
        for text in good.worse[:_MOST_WORSE]:
            yield style.fact("Worse", Quoted(text))
    for one in report.background.findings.changes[:_MOST_CHANGES]:
        yield style.bullet(*_change(one, report.background.began))


def _change(one: Change, began: float) -> Line:
    what = one.summary or " ".join(filter(None, (one.service or one.component, one.release)))
    by = f" by {one.author}" if one.author else ""
    text = f"{one.kind}: {what or 'no summary'}{by}"
    return (Quoted(text), f", {span(began - one.at)} before it began")


def similar(report: AnyReport, style: Style) -> Iterator[str]:
    for fix in report.background.findings.tried:
        yield style.bullet(f"fixed {fix.times} of them: ", Quoted(fix.text), f" ({fix.how_often})")
    for one in report.background.findings.similar:
        yield style.bullet(*_similar(one, report.made))


def _similar(one: Similar, now: float) -> Line:
    line: list[str | Quoted] = [
        f"incident {one.incident}, {long_ago(now - one.resolved)} ago: ",
        Quoted(one_line(one.title, 120)),
        " (",
        Quoted(", ".join(one.same)),
        ")",
    ]
    if one.fix:
        line += ["; fixed by: ", Quoted(one.fix.text), f" ({_HELD[one.held]})"]
    return tuple(line)
