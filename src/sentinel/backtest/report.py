"""The result of a backtest, as `--json` prints it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from sentinel.backtest.difference import Difference, Page
from sentinel.intelligence.wording import counted

MINUS = "\N{MINUS SIGN}"


class Side(Struct, frozen=True):
    """`label` heads a column. `troubles` are what rules could not do, by rule."""

    label: str
    text: str
    troubles: dict[str, str]


class Report(Struct, frozen=True):
    """Times are seconds since 1970 UTC. `signals` were in the span itself, `warm_up` further ones
    came before it and were not counted with."""

    since: float
    until: float
    signals: int
    warm_up: int
    before: Side
    after: Side
    summary: str
    difference: Difference
    notes: list[str]


def summary_of(difference: Difference) -> str:
    """One line, such as `+3 webhook, 1 page lost (alice, SmsFailing for tenant acme at …)`."""
    parts = [*_messages(difference), *_alerts(difference)]
    parts += _pages(difference.pages_lost, "lost")
    parts += _pages(difference.pages_gained, "gained")
    if difference.pages_moved:
        parts.append(f"{counted(len(difference.pages_moved), 'first page')} at another time")
    if parts:
        return ", ".join(parts)
    return "no difference" if difference.is_empty else "as many messages and alerts, but others"


def signed(number: int) -> str:
    """With a real minus, which is as wide as the plus."""
    return f"{number:+,}".replace("-", MINUS) if number else "0"


def alert_text(rule: str, key: dict[str, str]) -> str:
    """`SmsFailing for tenant acme`."""
    values = ", ".join(f"{name} {value[:40] or '(none)'}" for name, value in key.items())
    return f"{rule} for {values}" if values else rule


def moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%SZ}"


def _messages(difference: Difference) -> Iterator[str]:
    changes: Counter[str] = Counter()
    for one in difference.pages:
        changes[one.channel] += one.messages.change
    for channel, change in sorted(changes.items()):
        if change:
            yield f"{signed(change)} {channel}"


def _alerts(difference: Difference) -> Iterator[str]:
    change = sum(one.fired.change for one in difference.rules)
    if change:
        yield f"{signed(change)} {'alert' if abs(change) == 1 else 'alerts'}"


def _pages(pages: Sequence[Page], what: str) -> Iterator[str]:
    if pages:
        first = pages[0]
        which = "" if len(pages) == 1 else "the first: "
        about = f"{which}{first.who}, {alert_text(first.rule, first.key)} at {moment(first.at)}"
        yield f"{counted(len(pages), 'page')} {what} ({about})"
