"""What people are told of who has an incident, and of one that somebody resolved."""

import json
import os

import pytest
from msgspec.structs import replace
from tests.intelligence.report_facts import NOON
from tests.intelligence.test_message import GOLDEN, delivery, ended, known, taken

from sentinel.intelligence.message import PageFacts, compose
from sentinel.model.delivery import Delivery


def had_by_alice() -> PageFacts:
    return taken(known(), "alice", NOON + 3_660)


def given_to_bob() -> PageFacts:
    facts = taken(known(), "bob", NOON + 3_660)
    incident = replace(facts.page.incident, assigned_by="alice")
    return replace(facts, page=replace(facts.page, incident=incident))


def resolved_by_alice() -> PageFacts:
    facts = ended(had_by_alice(), NOON + 4_000)
    incident = replace(facts.page.incident, resolved_by="alice")
    closed = tuple(replace(one, state="closed") for one in facts.page.alerts[:2])
    return replace(facts, page=replace(facts.page, incident=incident, alerts=closed))


def for_bob(reason: str) -> Delivery:
    return replace(delivery("firing"), reason=reason, person="bob")


CASES = {
    "known-acknowledged": (had_by_alice, for_bob("acknowledged")),
    "known-assigned": (given_to_bob, for_bob("assigned")),
    "known-closed": (resolved_by_alice, replace(for_bob("resolved"), created=NOON + 4_000)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_message_reads_as_agreed(name: str) -> None:
    facts, told = CASES[name]
    message = compose(facts(), told)
    parts = {
        "txt": f"Subject: {message.subject}\n\n{message.text}",
        "html": message.html,
        "json": json.dumps(message.payload, indent=2, ensure_ascii=False) + "\n",
    }
    for ending, text in parts.items():
        path = GOLDEN / f"{name}.{ending}"
        if os.environ.get("SENTINEL_GOLDEN") == "write":
            path.write_text(text)
        assert text == path.read_text()


def test_the_subject_says_who_has_it() -> None:
    subject = compose(had_by_alice(), for_bob("acknowledged")).subject
    assert subject == "alice has it: SMS_DELIVERY_FAILURE · acme · production"


def test_a_long_name_leaves_room_for_what_it_is_about() -> None:
    facts = taken(known(), "a" * 100, None)
    subject = compose(facts, for_bob("acknowledged")).subject
    assert len(subject) <= 70
    assert "has it: SMS_DELIVERY" in subject


def test_whoever_has_it_until_it_is_over_is_named_without_a_time() -> None:
    text = compose(taken(known(), "alice", None), for_bob("acknowledged")).text
    assert text.startswith("alice has it: nobody else is called.")


@pytest.mark.parametrize("reason", ["acknowledged", "assigned"])
@pytest.mark.parametrize(
    ("facts", "start"),
    [
        (ended(known(), NOON + 80), "It is over."),
        (known(), "Somebody had it, and nobody has it any more."),
        (had_by_alice(), "alice has it until 13:01 UTC"),
    ],
)
def test_a_message_that_comes_late_says_who_has_it_now(
    facts: PageFacts, start: str, reason: str
) -> None:
    assert compose(facts, for_bob(reason)).text.startswith(start)


def test_whoever_needs_do_nothing_gets_no_instructions() -> None:
    assert "Do first" not in compose(had_by_alice(), for_bob("acknowledged")).text


def test_machines_are_told_who_gave_it_to_whom() -> None:
    payload = compose(given_to_bob(), for_bob("assigned")).payload
    assert payload["type"] == "incident.assigned"
    incident = payload["data"]["incident"]
    assert (incident["acknowledged_by"], incident["assigned_by"]) == ("bob", "alice")
