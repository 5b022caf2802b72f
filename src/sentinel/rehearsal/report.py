"""The report on a test, for a person at a terminal."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sentinel.rehearsal.coverage import Coverage
from sentinel.rehearsal.result import Gap, Line, Mark, Result
from sentinel.rehearsal.words import clock

_WIDEST = 48


def render_result(result: Result) -> str:
    """One line; for each expectation that was not met what was found instead, and around that
    what was decided."""
    took = f"{result.seconds * 1000:.0f} ms" if result.seconds < 1 else f"{result.seconds:.1f} s"
    return "\n".join((f"{_sign(result)} {result.name} ({took})", *_details(result)))


def render_coverage(coverage: Coverage) -> str:
    counts = ", ".join(
        f"{coverage.tried[kind]} of {number} {kind}s" for kind, number in coverage.total.items()
    )
    lines = [f"tested: {counts}"]
    if coverage.untried:
        lines.append("no test touches:")
    lines += [f"  {one.kind:<5}  {one.name} ({one.file}:{one.line})" for one in coverage.untried]
    return "\n".join(lines)


def _sign(result: Result) -> str:
    return "✓" if result.passed else "✗"


def _details(result: Result) -> Iterator[str]:
    if result.passed:
        return
    for failure in result.failures:
        yield ""
        yield f"    {result.file}:{failure.line}"
        yield f"    expected  {failure.expected}"
        yield f"    found     {failure.found}"
    yield ""
    yield from _timeline(result)
    yield ""


def _timeline(result: Result) -> Iterator[str]:
    decisions = [one for one in result.timeline if isinstance(one, Line)]
    if not decisions:
        yield "    nothing was decided in all of the test"
        return
    day = datetime.fromtimestamp(result.start, UTC)
    yield f"    what was decided (0s is {day:%a %Y-%m-%d %H:%M:%S} UTC):"
    times = max(len(clock(one.at)) for one in result.timeline if not isinstance(one, Gap))
    whats = max(len(one.what) for one in decisions)
    abouts = min(_WIDEST, max(len(one.about) for one in decisions))
    for one in result.timeline:
        match one:
            case Gap(number):
                yield f"      … {number:,} more {'decision' if number == 1 else 'decisions'}"
            case Mark(at, line):
                yield f"    → {clock(at):>{times}}  here line {line} is not met"
            case Line(at, what, about, text):
                yield f"      {clock(at):>{times}}  {what:<{whats}}  {about:<{abouts}}  {text}"
