"""The outbox's table."""

import sqlite3
from collections.abc import Iterator

import pytest

from sentinel.model.delivery import DeliveryIntent, Message, Reason, Recipient
from sentinel.store import deliveries, merging, meta, sending
from sentinel.store.migrations import migrate
from sentinel.store.tries import MOST, Failure, failures

NOW = 1_760_000_000.0


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.row_factory = sqlite3.Row
    migrate(conn)
    yield conn
    conn.close()


def enqueue(
    conn: sqlite3.Connection,
    channel: str = "mail",
    severity: str = "critical",
    reason: Reason = "firing",
    incident: int = 1,
    at: float = NOW,
) -> int:
    recipient = Recipient(channel, "alice@example.com", "alice")
    intent = DeliveryIntent(
        recipient=recipient, reason=reason, incident=incident, severity=severity, at=at
    )
    return deliveries.enqueue(conn, intent, at)


def states(conn: sqlite3.Connection) -> dict[int, str]:
    return {one.id: one.state for one in deliveries.listing(conn)}


def test_keys_hold_the_name_of_the_database_and_are_unique(conn: sqlite3.Connection) -> None:
    first, second = enqueue(conn), enqueue(conn)
    keys = [one.key for one in deliveries.listing(conn)]
    assert keys == [f"{meta.instance(conn)}-{second}", f"{meta.instance(conn)}-{first}"]


def test_after_a_restore_the_same_numbers_give_other_keys(conn: sqlite3.Connection) -> None:
    before = meta.instance(conn)
    assert meta.renew_instance(conn) != before
    assert meta.instance(conn) != before


def test_a_delivery_can_be_claimed_once(conn: sqlite3.Connection) -> None:
    id = enqueue(conn)
    claimed = sending.claim(conn, id, NOW)
    assert claimed is not None
    assert (claimed.state, claimed.attempts) == ("sending", 1)
    assert sending.claim(conn, id, NOW) is None


def test_a_delivery_that_is_not_due_cannot_be_claimed(conn: sqlite3.Connection) -> None:
    id = enqueue(conn, at=NOW + 1)
    assert sending.claim(conn, id, NOW) is None
    assert sending.due(conn, "mail", NOW, 10) == []
    assert sending.next_due(conn, "mail", NOW) == NOW + 1


def test_pages_come_first_then_what_was_due_first(conn: sqlite3.Connection) -> None:
    info = enqueue(conn, severity="info", at=NOW - 9)
    late = enqueue(conn, severity="warning", at=NOW - 1)
    early = enqueue(conn, severity="warning", at=NOW - 2)
    reminder = enqueue(conn, reason="reminder", at=NOW - 3)
    page = enqueue(conn, at=NOW)
    found = [one.id for one in sending.due(conn, "mail", NOW, 10)]
    assert found == [page, reminder, early, late, info]


def test_an_all_clear_is_held_back_only_by_its_own_alarm(conn: sqlite3.Connection) -> None:
    alarm = enqueue(conn, incident=1)
    clear = enqueue(conn, incident=1, reason="resolved")
    other = enqueue(conn, incident=2, reason="resolved")
    sending.claim(conn, alarm, NOW)
    assert [one.id for one in sending.due(conn, "mail", NOW, 10)] == [other]
    sending.mark_sent(conn, alarm, "", NOW)
    assert [one.id for one in sending.due(conn, "mail", NOW, 10)] == [clear, other]


def test_what_a_relative_has_sent_is_not_tried_again(conn: sqlite3.Connection) -> None:
    page = enqueue(conn)
    claimed = sending.claim(conn, page, NOW)
    assert claimed is not None
    copy = deliveries.enqueue_fallback(conn, claimed, "sms", "+44", NOW)
    sending.claim(conn, copy, NOW)
    sending.mark_sent(conn, copy, "ok", NOW)
    assert sending.mark_retry(conn, page, NOW + 1, "no answer", NOW) == "superseded"
    assert states(conn) == {page: "superseded", copy: "sent"}


def test_what_a_relative_has_sent_does_not_count_as_failed(conn: sqlite3.Connection) -> None:
    page = enqueue(conn)
    claimed = sending.claim(conn, page, NOW)
    assert claimed is not None
    copy = deliveries.enqueue_fallback(conn, claimed, "sms", "+44", NOW)
    sending.mark_sent(conn, page, "ok", NOW)
    assert sending.mark_failed(conn, copy, "never", NOW) == "superseded"


def test_the_whole_family_is_superseded_however_far_apart(conn: sqlite3.Connection) -> None:
    first = enqueue(conn)
    parent = deliveries.get(conn, first)
    assert parent is not None
    second = deliveries.enqueue_fallback(conn, parent, "sms", "+44", NOW)
    child = deliveries.get(conn, second)
    assert child is not None
    third = deliveries.enqueue_fallback(conn, child, "voice", "+44", NOW)
    assert sending.channels_tried(conn, second) == {"mail", "sms", "voice"}
    stranger = enqueue(conn)
    sending.mark_sent(conn, third, "ok", NOW)
    assert states(conn) == {
        first: "superseded",
        second: "superseded",
        third: "sent",
        stranger: "pending",
    }


def test_a_stored_message_comes_back_as_it_was(conn: sqlite3.Connection) -> None:
    id = enqueue(conn)
    assert deliveries.message(conn, id) is None
    message = Message(
        key="k",
        to="alice@example.com",
        reason="firing",
        severity="critical",
        subject="SMS is failing",
        text="text",
        html="<p>text</p>",
        payload={"version": 1, "data": {"count": 3}},
    )
    sending.save_message(conn, id, message.subject, deliveries.pack(message))
    assert deliveries.message(conn, id) == message
    found = deliveries.get(conn, id)
    assert found is not None
    assert found.subject == "SMS is failing"


def test_the_listing_is_filtered_and_paged(conn: sqlite3.Connection) -> None:
    ids = [enqueue(conn, incident=n % 2, channel="sms" if n == 4 else "mail") for n in range(5)]
    sending.mark_failed(conn, ids[0], "never", NOW)
    assert [one.id for one in deliveries.listing(conn, limit=2)] == [ids[4], ids[3]]
    assert [one.id for one in deliveries.listing(conn, before=ids[3])] == ids[2::-1]
    assert [one.id for one in deliveries.listing(conn, channel="sms")] == [ids[4]]
    assert [one.id for one in deliveries.listing(conn, state="failed")] == [ids[0]]
    assert [one.id for one in deliveries.listing(conn, incident=1)] == [ids[3], ids[1]]
    assert deliveries.counts(conn) == {"mail": {"pending": 3, "failed": 1}, "sms": {"pending": 1}}


@pytest.mark.parametrize(
    "look",
    [
        lambda conn: sending.due(conn, "mail", NOW, 10),
        lambda conn: sending.next_due(conn, "mail", NOW),
        lambda conn: sending.next_divert(conn, "mail", NOW),
        lambda conn: sending.pages_to_divert(conn, "mail", NOW, untried=False),
        lambda conn: sending.has_fallback(conn, 1),
        lambda conn: sending.channels_tried(conn, 1),
        lambda conn: sending.mark_sent(conn, 1, "", NOW),
        lambda conn: deliveries.counts(conn),
        lambda conn: sending.release_stale(conn, NOW),
    ],
)
def test_no_question_of_the_outbox_reads_the_whole_table(
    conn: sqlite3.Connection, look: object
) -> None:
    statements: list[str] = []
    conn.set_trace_callback(statements.append)
    look(conn)  # type: ignore[operator]
    conn.set_trace_callback(None)
    for statement in statements:
        for row in conn.execute(f"EXPLAIN QUERY PLAN {statement}"):
            plan = row["detail"]
            tables = ("SCAN d", "SCAN child", "SCAN earlier")
            whole = plan.startswith(tables) and "INDEX" not in plan
            assert not whole, f"{plan}: {statement}"


def test_each_attempt_that_failed_is_kept_with_its_time(conn: sqlite3.Connection) -> None:
    id = enqueue(conn)
    for number, error in enumerate(("no answer", "450 later", "550 never")):
        at = NOW + number * 10
        sending.claim(conn, id, at)
        if number < 2:
            sending.mark_retry(conn, id, at + 5, error, at)
        else:
            sending.mark_failed(conn, id, error, at)
    assert failures(conn, id) == [
        Failure(NOW, "no answer"),
        Failure(NOW + 10, "450 later"),
        Failure(NOW + 20, "550 never"),
    ]


def test_of_very_many_failures_the_first_and_the_latest_are_kept(conn: sqlite3.Connection) -> None:
    id = enqueue(conn)
    for number in range(MOST + 30):
        sending.claim(conn, id, NOW + number)
        sending.mark_retry(conn, id, NOW + number, "x" * 1_000, NOW + number)
    found = failures(conn, id)
    assert [one.at - NOW for one in found] == [0, *range(31, MOST + 30)]
    assert {len(one.error) for one in found} == {300}


def test_a_family_and_those_that_were_merged_are_found(conn: sqlite3.Connection) -> None:
    page = enqueue(conn)
    claimed = sending.claim(conn, page, NOW)
    assert claimed is not None
    copy = deliveries.enqueue_fallback(conn, claimed, "sms", "+44", NOW)
    first, second = (enqueue(conn, severity="warning") for _ in range(2))
    intent = DeliveryIntent(
        recipient=Recipient("mail", "alice@example.com", "alice"),
        reason="firing",
        incident=1,
        severity="warning",
        at=NOW,
    )
    one = merging.merge(conn, (first, second), intent, NOW)
    assert one is not None
    assert [kin.id for kin in deliveries.family(conn, copy)] == [page, copy]
    assert [kin.id for kin in deliveries.merged(conn, one)] == [first, second]


def test_the_listing_is_filtered_by_person_and_audience(conn: sqlite3.Connection) -> None:
    own = enqueue(conn)
    client = deliveries.enqueue_client(
        conn,
        Recipient("mail", "ops@acme.example"),
        severity="info",
        subscription=7,
        due=NOW,
        now=NOW,
    )
    assert [one.id for one in deliveries.listing(conn, person="alice")] == [own]
    assert [one.id for one in deliveries.listing(conn, audience="client")] == [client]
    assert [one.id for one in deliveries.listing(conn, audience="admin")] == [own]
