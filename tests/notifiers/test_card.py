"""What chats show of a message, made of the payload that a message really has."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.intelligence.test_message import known
from tests.notifiers.chat import choices, told

from sentinel.api import Message, Reason
from sentinel.intelligence.message import compose
from sentinel.model.delivery import Delivery
from sentinel.notifiers._card import Card, card_of, is_quiet, line, news_of
from sentinel.outbox.plain import plain_message

NOON = 1_795_262_400.0
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "summary",
    "do",
    "incident",
    "impact",
    "error",
    "cascades",
    "changes",
    "probable_causes",
    "last_fix",
    "others",
)


def delivery(**changes: Any) -> Delivery:
    plain = Delivery(
        id=7,
        key="ab12-7",
        channel="slack-ops",
        address="",
        reason="firing",
        incident=3,
        created=NOON + 90,
        due=NOON + 90,
    )
    return replace(plain, **changes)


def test_a_page_says_whom_it_hurts_and_what_to_do_first() -> None:
    card = card_of(compose(known(), delivery()))
    assert card.title == "[critical] SMS_DELIVERY_FAILURE · acme · production"
    assert card.lead.startswith("3 tenants and 41 users affected")
    assert card.do == "Read the error code in the message log."
    assert card.said == "HTTP 401: Authenticate (code 20003)"
    assert card.state == "Critical, nobody has it yet"
    assert dict(card.facts)["Where"] == "acme · production · worker"
    assert dict(card.facts)["Broken by it"] == "QueueLong, LOGIN_CODE_FAILURE"
    assert card.url == "https://sentinel.example.com/incidents/3"


def test_one_that_is_over_is_calm_and_asks_for_nothing() -> None:
    facts = known()
    over = replace(facts.page.incident, state="resolved", resolved=NOON + 4500)
    facts = replace(facts, page=replace(facts.page, incident=over))
    card = card_of(compose(facts, delivery(reason="resolved", created=NOON + 4501)))
    assert (card.mood, card.do, card.said) == ("calm", "", "")
    assert card.state.startswith("Resolved, after ")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (5, "Resolved, after less than a minute"),
        (720, "Resolved, after 12 min"),
        (4500.0, "Resolved, after 1 h 15 min"),
        (-1, "Resolved"),
        (None, "Resolved"),
        ("long", "Resolved"),
    ],
)
def test_how_long_it_took_is_said_in_minutes_and_hours(seconds: Any, said: str) -> None:
    message = told("resolved")
    data = message.payload["data"]
    data = {**data, "incident": {**data["incident"], "duration_seconds": seconds}}
    assert card_of(replace(message, payload={"data": data})).state == said


def test_a_message_of_last_resort_is_shown_as_its_text() -> None:
    card = card_of(plain_message(delivery()))
    assert card.text.startswith("Sentinel reports incident 3: firing, severity critical.")
    assert card.mood == "critical"


def test_a_choice_that_is_a_button_is_not_in_the_text_too() -> None:
    held = Message(
        key="k",
        to="",
        reason="veto",
        severity="critical",
        subject="Clients hear at 08:10 UTC: Late",
        text="It goes out.\n\nAcknowledge: {url}\n\nOpen it: {url}\n",
        choices=choices(),
    )
    url = held.choices[0].url
    card = card_of(replace(held, text=held.text.format(url=url)))
    assert card.text == f"It goes out.\n\nOpen it: {url}"


def test_the_address_that_a_button_opens_is_not_in_the_text_too() -> None:
    test = told("test")
    card = card_of(replace(test, text=f"It works.\n\n{test.url}\n"))
    assert (card.text, card.url) == ("It works.", test.url)


def test_a_client_sees_nothing_but_the_text_whatever_else_there_is() -> None:
    card = card_of(replace(told(), audience="client", text="SMS is delayed."))
    assert (card.text, card.facts, card.others) == ("SMS is delayed.", (), ())
    assert (card.lead, card.do, card.said, card.state) == ("", "", "", "")


def test_a_cause_that_the_incident_stands_for_is_not_named_twice() -> None:
    data = told().payload["data"]
    own = {"name": "TWILIO_DOWN", "confidence": "likely", "own": True}
    message = replace(told(), payload={"data": {**data, "probable_causes": [own]}})
    assert "Cause" not in dict(card_of(message).facts)


def test_the_news_is_one_line() -> None:
    news = news_of(card_of(told("resolved")))
    assert news.startswith("🟢 Resolved: SMS_DELIVERY_FAILURE · acme · production: 3 tenants")
    assert "\n" not in news


def test_who_has_it_is_said_once_in_the_news() -> None:
    card = Card(
        title="bob has it: DB_SLOW · acme",
        mood="taken",
        lead="bob has it: nobody else is called. 3 tenants affected.",
    )
    assert news_of(card) == (
        "👤 bob has it: DB_SLOW · acme: nobody else is called. 3 tenants affected."
    )


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u202eb\u200bc", "a b c"),
        ("a\r\nBcc: b", "a Bcc: b"),
        ("x" * 30, "x" * 9 + "…"),
        (7, ""),
        (None, ""),
    ],
)
def test_a_line_hides_nothing_and_has_an_end(text: Any, seen: str) -> None:
    assert line(text, 10) == seen


def test_only_what_calms_makes_no_sound() -> None:
    loud = [replace(told(), reason=reason) for reason in get_args(Reason)]
    assert [one.reason for one in loud if is_quiet(one)] == ["acknowledged", "folded"]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON), JSON)
def test_a_payload_of_any_shape_is_shown(data: dict[str, Any], payload: Any) -> None:
    message: Message = told()
    for found in ({"data": data}, {"data": payload}, {"data": {**data, "incident": {"title": ""}}}):
        assert card_of(replace(message, payload=found)).title
