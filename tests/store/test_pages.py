"""From what is stored to the message that goes out."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sentinel.causes import CauseFinder
from sentinel.config.loader import load_config
from sentinel.intelligence.catalog import Entry, catalog_of
from sentinel.model.action import ActionIntent
from sentinel.model.alert import Alert, Incident
from sentinel.model.decision import Decision, Verb
from sentinel.model.delivery import Delivery, DeliveryIntent, Reason, Recipient
from sentinel.model.signal import Error
from sentinel.pages import Composer
from sentinel.plugins import Registry
from sentinel.store import action_runs, alerts, decisions, deliveries, signals
from sentinel.store.keep import Draft, keep
from sentinel.store.migrations import migrate
from sentinel.store.pages import page_of
from sentinel.store.withdrawal import is_pointless

NOW = 1_760_000_000.0


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.row_factory = sqlite3.Row
    migrate(conn)
    yield conn
    conn.close()


@pytest.fixture
def compose(tmp_path: Path) -> Composer:
    path = tmp_path / "sentinel.yaml"
    path.write_text("public_url: https://sentinel.example.com\n")
    config, problems = load_config(path, Registry([]), {})
    assert config is not None, problems
    entry = Entry(
        code="SMS_DELIVERY_FAILURE",
        title="SMS is failing",
        category="external_service",
        severity="critical",
        fix=("Mend it.",),
    )
    catalog = catalog_of([entry])
    return Composer(config, catalog, CauseFinder(catalog, ()))


def stored_error(
    conn: sqlite3.Connection, message: str, fingerprint: str = "f", **changes: Any
) -> Error:
    error = Error(
        project="shop",
        received=NOW,
        at=NOW,
        code="SMS_DELIVERY_FAILURE",
        message=message,
        title=message,
        fingerprint=fingerprint,
        severity="critical",
        **changes,
    )
    kept = keep(conn, Draft(error, signals.pack(error)))
    assert isinstance(kept, Error)
    return kept


def stored_incident(conn: sqlite3.Connection, group: int | None) -> None:
    alert = Alert(
        id=1,
        rule="SmsFailing",
        key={},
        state="firing",
        severity="critical",
        labels={},
        started=NOW,
        last=NOW,
        code="SMS_DELIVERY_FAILURE",
        group=group,
        incident=3,
    )
    incident = Incident(
        id=3,
        severity="critical",
        title="SMS",
        root=1,
        rule="CriticalError",
        code="SMS_DELIVERY_FAILURE",
        group=group,
        opened=NOW,
    )
    alerts.save(conn, [alert])
    alerts.save_incidents(conn, [incident])


def enqueued(
    conn: sqlite3.Connection, reason: Reason = "firing", incident: int | None = 3
) -> Delivery:
    recipient = Recipient("mail", "alice@example.com", "alice")
    intent = DeliveryIntent(
        recipient=recipient, reason=reason, incident=incident, severity="critical", at=NOW
    )
    found = deliveries.get(conn, deliveries.enqueue(conn, intent, NOW))
    assert found is not None
    return found


def test_a_page_shows_the_newest_event_of_its_cause(conn: sqlite3.Connection) -> None:
    stored_error(conn, "an older one")
    group = stored_error(conn, "HTTP 401").group
    stored_error(conn, "of another group", "g")
    stored_incident(conn, group)
    page = page_of(conn, enqueued(conn))
    assert page is not None
    assert page.sample is not None
    assert (page.sample.message, page.groups[0].count, page.first) == ("HTTP 401", 2, True)


def test_a_page_counts_whom_the_effects_hurt_as_well_as_the_cause(
    conn: sqlite3.Connection, compose: Composer
) -> None:
    cause = stored_error(conn, "HTTP 401").group
    effect = stored_error(conn, "no greeting", "g", tenant="globex", user="bob").group
    stored_incident(conn, cause)
    [root] = alerts.of_incident(conn, 3)
    alerts.save(conn, [replace(root, id=2, group=effect, cascade="SMS_DELIVERY_FAILURE")])
    text = compose(conn, enqueued(conn)).text
    assert text.startswith("1 tenant and 1 user affected since")


def test_a_second_message_about_an_incident_is_not_the_first(conn: sqlite3.Connection) -> None:
    stored_incident(conn, None)
    enqueued(conn)
    page = page_of(conn, enqueued(conn, "reminder"))
    assert page is not None
    assert not page.first


def test_a_page_brings_the_other_incidents_of_its_message(conn: sqlite3.Connection) -> None:
    stored_incident(conn, None)
    main = alerts.get_incident(conn, 3)
    assert main is not None
    alerts.save_incidents(conn, [replace(main, id=8), replace(main, id=9)])
    page = page_of(conn, replace(enqueued(conn), also=(9, 77, 8)))
    assert page is not None
    assert [other.id for other in page.others] == [9, 8]


def tried(conn: sqlite3.Connection, *made: tuple[Verb, str, str], dry: bool = False) -> None:
    """A rule's action for the incident's alert, and what came of it."""
    action_runs.enqueue(
        conn,
        ActionIntent(action="restart", rule="SmsFailing", alert=1, incident=3, at=NOW, dry=dry),
    )
    decisions.record(
        conn,
        [
            Decision(at=NOW, verb=verb, reason=reason, text=text, alert=1, incident=3)
            for verb, reason, text in made
        ],
    )


_RAN: tuple[Verb, str, str] = ("action_done", "succeeded", "restart: done")
_IN_VAIN: tuple[Verb, str, str] = ("action_no_help", "no_help", "the alert still fires")


@pytest.mark.parametrize(
    ("made", "text"),
    [
        ([_RAN, _IN_VAIN], "the alert still fires"),
        ([("action_failed", "failed", "restart: it ended with 1")], "it ended with 1"),
        ([_RAN], None),
        ([_RAN, ("action_done", "helped", "redis is up")], None),
        ([("action_refused", "cooldown", "too soon")], None),
        ([], None),
    ],
)
def test_a_page_knows_what_was_tried_in_vain(
    conn: sqlite3.Connection, made: list[tuple[Verb, str, str]], text: str | None
) -> None:
    stored_incident(conn, None)
    tried(conn, *made)
    page = page_of(conn, enqueued(conn, "remedy_failed"))
    assert page is not None
    found = None if page.tried is None else (page.tried.action, page.tried.text)
    assert found == (None if text is None else ("restart", text))


def test_a_dry_run_was_no_try(conn: sqlite3.Connection) -> None:
    stored_incident(conn, None)
    tried(conn, ("action_failed", "failed", "restart: no"), dry=True)
    page = page_of(conn, enqueued(conn))
    assert page is not None
    assert page.tried is None


def test_the_message_says_what_was_tried(conn: sqlite3.Connection, compose: Composer) -> None:
    stored_incident(conn, None)
    tried(conn, _RAN, _IN_VAIN)
    message = compose(conn, enqueued(conn, "remedy_failed"))
    assert message.subject.startswith("Repair failed: ")
    assert "Sentinel ran restart, which did not help: the alert still fires." in " ".join(
        message.text.split()
    )


def test_a_copy_knows_the_channel_that_failed(conn: sqlite3.Connection) -> None:
    stored_incident(conn, None)
    id = deliveries.enqueue_fallback(conn, enqueued(conn), "sms", "+44", NOW)
    copy = deliveries.get(conn, id)
    assert copy is not None
    page = page_of(conn, copy)
    assert page is not None
    assert page.failed_channel == "mail"


def test_the_message_has_the_fix_from_the_catalog(
    conn: sqlite3.Connection, compose: Composer
) -> None:
    stored_incident(conn, stored_error(conn, "HTTP 401").group)
    message = compose(conn, enqueued(conn))
    assert message.subject == "[critical] SMS_DELIVERY_FAILURE"
    assert "Do first:    Mend it." in message.text
    assert message.url == "https://sentinel.example.com/incidents/3"


def test_a_test_message_needs_no_incident(conn: sqlite3.Connection, compose: Composer) -> None:
    message = compose(conn, enqueued(conn, "test", None))
    assert message.subject == "Test message from Sentinel"


def test_an_incident_that_was_forgotten_is_still_told_of(
    conn: sqlite3.Connection, compose: Composer
) -> None:
    message = compose(conn, enqueued(conn, incident=99))
    assert message.subject == "[critical] incident 99: firing"


def fold_into_another(conn: sqlite3.Connection) -> None:
    """Incident 3 goes on in incident 2, with its alert."""
    [alert] = alerts.of_incident(conn, 3)
    own = alerts.get_incident(conn, 3)
    assert own is not None
    home = replace(own, id=2, title="Twilio is down", code="TWILIO_API_FAILURE")
    closed = replace(own, state="resolved", resolved=NOW + 60, folded_into=2)
    alerts.save_incidents(conn, [home, closed])
    alerts.save(conn, [replace(alert, incident=2)])


def test_a_page_whose_incident_was_folded_while_it_waited_tells_of_the_one_that_goes_on(
    conn: sqlite3.Connection, compose: Composer
) -> None:
    stored_incident(conn, None)
    waiting = enqueued(conn)
    fold_into_another(conn)
    message = compose(conn, waiting)
    assert "TWILIO_API_FAILURE" in message.subject
    assert message.thread.endswith("incident-2")
    assert "has ended" not in message.text


def test_who_hears_that_it_was_folded_hears_so_on_its_thread(
    conn: sqlite3.Connection, compose: Composer
) -> None:
    stored_incident(conn, None)
    fold_into_another(conn)
    message = compose(conn, enqueued(conn, "folded"))
    assert "Incident 3 is part of incident 2 now" in " ".join(message.text.split())
    assert (message.thread[-10:], message.goes_on[-10:]) == ("incident-3", "incident-2")
    assert message.payload["data"]["goes_on"]["id"] == 2


def test_what_was_folded_is_over_when_that_is_in_which_it_goes_on(conn: sqlite3.Connection) -> None:
    stored_incident(conn, None)
    waiting = enqueued(conn)
    fold_into_another(conn)
    assert not is_pointless(conn, waiting)
    home = alerts.get_incident(conn, 2)
    assert home is not None
    alerts.save_incidents(conn, [replace(home, state="resolved", resolved=NOW + 90)])
    assert is_pointless(conn, waiting)
