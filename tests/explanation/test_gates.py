"""What keeps an alert quiet is named: its kind, why, and until when."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sentinel.engine.commands import SetDoNotDisturb
from sentinel.explanation import explain_alert
from tests.explanation.stored import RULES, START, Stored, book_of, payment

INHIBITED = RULES.replace(
    "rules:\n",
    "inhibit_rules:\n"
    '  - {name: sites, source_matchers: [alertname="Site"], target_matchers: [team="payments"]}\n'
    "rules:\n"
    "  - {alert: Site, on: error, where: {code: SITE_DOWN}, labels: {team: desk}}\n",
    1,
)
MAINTAINED = RULES + (
    "maintenance:\n"
    '  - {name: move, matchers: [team="payments"], from: "2027-01-15T07:00Z",'
    ' until: "2027-01-15T10:00Z"}\n'
)
MUTED = RULES.replace(
    "escalation: people}", "escalation: people, mute_time_intervals: [mornings]}"
) + (
    "time_intervals:\n"
    "  - name: mornings\n"
    '    time_intervals: [{times: [{start_time: "06:00", end_time: "11:00"}]}]\n'
)
QUIET = RULES.replace(
    "{email: alice@acme.example}",
    '{email: alice@acme.example, quiet: {from: "07:00", until: "09:00"}}',
)


@pytest.mark.parametrize(
    ("rules", "kind", "hours", "headline"),
    [
        (INHIBITED, "inhibited", None, "Nobody was told: alert 1 (Site) inhibits it by sites."),
        (
            MAINTAINED,
            "maintenance",
            2,
            "Nobody was told: the maintenance move is on until 10:00 UTC.",
        ),
        (
            MUTED,
            "muted",
            3,
            "Nobody was told: the route payments is muted at this time until 11:00 UTC.",
        ),
        (QUIET, "quiet_hours", 1, "Nobody is told yet: bob by email is next at 08:05 UTC"),
    ],
)
def test_each_gate_is_named(
    tmp_path: Path, rules: str, kind: str, hours: int | None, headline: str
) -> None:
    book = book_of(tmp_path, rules)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.row_factory = sqlite3.Row
        stored = Stored(conn, book)
        stored.take(payment(code="SITE_DOWN", fingerprint="site"))
        stored.take(payment(), payment())
        found = explain_alert(conn, 2 if rules == INHIBITED else 1, book, stored.now)
    assert found is not None
    until = None if hours is None else START + hours * 3600
    assert [(one.kind, one.until) for one in found.gates if one.closed] == [(kind, until)]
    assert found.headline.startswith(headline)


WARNING = RULES.replace("severity: critical", "severity: warning")
DIGESTED = WARNING.replace(
    "{email: alice@acme.example}",
    '{email: alice@acme.example, digest: {at: "09:00", severities: [warning]}}',
)


@pytest.mark.parametrize(
    ("rules", "kind", "text", "due"),
    [
        (
            DIGESTED,
            "digest",
            "alice hears of what is warning in a digest",
            ("digest_due", "the digest of alice is due: firing goes out"),
        ),
        (
            WARNING,
            "do_not_disturb",
            "alice does not want to be disturbed",
            ("do_not_disturb_over", "alice can be disturbed again: firing goes out"),
        ),
    ],
)
def test_a_person_who_hears_later_is_named_with_the_reason(
    tmp_path: Path, rules: str, kind: str, text: str, due: tuple[str, str]
) -> None:
    book = book_of(tmp_path, rules)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.row_factory = sqlite3.Row
        stored = Stored(conn, book)
        if rules == WARNING:
            stored.ask(SetDoNotDisturb("alice", START + 3600, "alice", stored.now))
        stored.take(payment(), payment())
        found = explain_alert(conn, 1, book, stored.now)
    assert found is not None
    closed = [(one.kind, one.text, one.until) for one in found.gates if one.closed]
    assert closed == [(kind, text, START + 3600)]
    assert due in [(one.what, one.text) for one in found.upcoming]
