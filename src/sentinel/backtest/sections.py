"""What a person is shown of a report, as tables: for the terminal and for the page."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from sentinel.backtest.difference import Counts, Moved, OneSided, Page
from sentinel.backtest.report import Report, alert_text, moment, signed
from sentinel.intelligence.wording import counted, span

Row = tuple[str | int, ...]
Counted = tuple[tuple[str, ...], Counts]


class Section(Struct, frozen=True):
    """A table with a heading. `more` says what was left out of it."""

    title: str
    columns: tuple[str, ...]
    rows: list[Row]
    more: str = ""


def headline(report: Report) -> str:
    warm_up = f", after {report.warm_up:,} to warm up" if report.warm_up else ""
    number = counted(report.signals, "signal")
    return f"{number} from {moment(report.since)} to {moment(report.until)}{warm_up}"


def sides(report: Report) -> list[str]:
    return [f"{one.label.upper()}: {one.text}" for one in (report.before, report.after)]


def sections(report: Report, most: int) -> Iterator[Section]:
    """Those that have something to show, each with at most so many rows. What came to the same on
    both sides is counted and not listed."""
    found = report.difference
    before, after = report.before.label.upper(), report.after.label.upper()
    troubles: list[Row] = [
        (side.label, rule or "-", text)
        for side in (report.before, report.after)
        for rule, text in sorted(side.troubles.items())
    ]
    yield from _listed("Rules in trouble", ("SIDE", "RULE", "WHAT"), troubles, most)
    alerts: list[Counted] = [(("incidents opened",), found.incidents)]
    for one in found.rules:
        alerts.append(((f"{one.rule} fired",), one.fired))
        alerts.append(((f"{one.rule} resolved",), one.resolved))
    yield from _compared("Alerts", ("WHAT", before, after, "CHANGE"), alerts, most)
    pages: list[Counted] = [
        ((p.person or "-", p.channel, p.reason), p.messages) for p in found.pages
    ]
    yield from _compared(
        "Messages", ("PERSON", "CHANNEL", "REASON", before, after, "CHANGE"), pages, most
    )
    for title, missed in (("Pages lost", found.pages_lost), ("Pages gained", found.pages_gained)):
        yield from _listed(title, ("AT", "WHO", "ALERT"), [_page(one) for one in missed], most)
    moved = [_moved(one) for one in found.pages_moved]
    yield from _listed(
        "First pages at another time", (before, after, "SHIFT", "WHO", "ALERT"), moved, most
    )
    for label, alone in ((before, found.only_before), (after, found.only_after)):
        rows = [_alert(one) for one in alone]
        yield from _listed(
            f"Alerts in {label} alone", ("FIRST", "LAST", "FIRED", "ALERT"), rows, most
        )


def _listed(
    title: str, columns: tuple[str, ...], rows: Sequence[Row], most: int
) -> Iterator[Section]:
    if rows:
        more = f"… and {len(rows) - most:,} more" if len(rows) > most else ""
        yield Section(title, columns, list(rows[:most]), more)


def _compared(
    title: str, columns: tuple[str, ...], counts: Sequence[Counted], most: int
) -> Iterator[Section]:
    """The greatest change first."""
    changed = [(what, count) for what, count in counts if count.change]
    changed.sort(key=lambda one: -abs(one[1].change))
    same = sum(1 for _, count in counts if count.before and not count.change)
    left_out = [f"… and {len(changed) - most:,} more that differ"] if len(changed) > most else []
    left_out += [f"{same:,} {'figure is' if same == 1 else 'figures are'} the same"] if same else []
    rows: list[Row] = [
        (*what, count.before, count.after, signed(count.change)) for what, count in changed[:most]
    ]
    if rows or left_out:
        yield Section(title, columns, rows, "; ".join(left_out))


def _page(page: Page) -> Row:
    return moment(page.at), page.who, alert_text(page.rule, page.key)


def _moved(page: Moved) -> Row:
    shift = page.after - page.before
    text = f"{span(abs(shift))} {'later' if shift > 0 else 'earlier'}"
    about = alert_text(page.rule, page.key)
    return moment(page.before), moment(page.after), text, page.who, about


def _alert(alert: OneSided) -> Row:
    about = alert_text(alert.rule, alert.key)
    return moment(alert.first), moment(alert.last), alert.fired, about
