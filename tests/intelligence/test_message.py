"""What people are told. The golden files are read by people: change them on purpose, with
`SENTINEL_GOLDEN=write pytest tests/intelligence`, and look at the difference."""

import json
import os
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.effort import examples
from tests.intelligence.report_facts import NOON, background, catalog

from sentinel.intelligence.catalog import Entry
from sentinel.intelligence.message import PageFacts, compose, compose_test
from sentinel.model.alert import Alert, Incident
from sentinel.model.cause import Findings
from sentinel.model.delivery import Choice, Delivery, Reason
from sentinel.model.group import Group
from sentinel.model.page import Page, Tried
from sentinel.model.reach import Reach
from sentinel.model.signal import Change, Error

GOLDEN = Path(__file__).parent / "golden_messages"
URL = "https://sentinel.example.com"
REASONS: list[Reason] = ["firing", "cause_found", "reminder", "ack_expiring", "resolved"]


def alert(id: int, code: str | None, **changes: Any) -> Alert:
    plain = Alert(
        id=id,
        rule="SmsFailing",
        key={"tenant": "acme"},
        state="firing",
        severity="critical",
        labels={"tenant": "acme", "environment": "production"},
        started=NOON,
        last=NOON + 60,
        count=12,
        code=code,
        verdict="12 events within 5m, the bound is 5",
    )
    return replace(plain, **changes)


def known() -> PageFacts:
    """A cause that the catalog knows, with two effects."""
    incident = Incident(
        id=3,
        severity="critical",
        title="Twilio is down for acme",
        root=1,
        rule="CriticalError",
        size=3,
        code="SMS_DELIVERY_FAILURE",
        tenant="acme",
        group=5,
        opened=NOON,
    )
    group = Group(
        id=5,
        project="shop",
        fingerprint="f",
        title="HTTP 401",
        culprit="send_reminder",
        code="SMS_DELIVERY_FAILURE",
        first_seen=NOON,
        last_seen=NOON + 60,
        count=41,
        users=41,
        tenants=3,
    )
    sample = Error(
        message="HTTP 401: Authenticate (code 20003)",
        file="shop/sms.py",
        line=88,
        function="send_reminder",
        environment="production",
        release="shop@2.4.1",
        service="worker",
    )
    alerts = (
        alert(1, "SMS_DELIVERY_FAILURE", group=5),
        alert(2, "LOGIN_CODE_FAILURE", severity="warning", count=1),
        alert(3, None, rule="QueueLong", severity="warning", count=7),
    )
    entries = catalog().entries
    return PageFacts(
        page=Page(incident=incident, alerts=alerts, groups=(group,), sample=sample),
        entry=entries["SMS_DELIVERY_FAILURE"],
        titles={"LOGIN_CODE_FAILURE": "Login codes do not arrive"},
        public_url=URL,
    )


def unknown() -> PageFacts:
    """A metric's alert: no code, no group, no catalog, but a runbook."""
    incident = Incident(
        id=4,
        severity="warning",
        title="The disk of db-1 is 91 % full",
        root=9,
        rule="DiskFull",
        opened=NOON - 86_400,
    )
    root = alert(
        9,
        None,
        rule="DiskFull",
        severity="warning",
        key={"host": "db-1"},
        labels={"host": "db-1"},
        annotations={"runbook": "https://wiki.example.com/disk", "summary": incident.title},
        verdict="91 is above 90",
    )
    return PageFacts(page=Page(incident=incident, alerts=(root,)), public_url=URL)


def several() -> PageFacts:
    """One message for three incidents."""
    others = (
        Incident(
            id=8, severity="warning", title="The queue is long", root=20, rule="Q", opened=NOON - 60
        ),
        Incident(
            id=9,
            severity="info",
            state="resolved",
            title="A slow query",
            root=21,
            rule="S",
            opened=NOON - 600,
            resolved=NOON - 300,
        ),
    )
    return replace(known(), page=replace(known().page, others=others))


def deploy() -> PageFacts:
    """A correlation found a deploy behind an alert."""
    incident = Incident(
        id=5,
        severity="critical",
        title="Checkout fails for 7 % of the requests",
        root=30,
        rule="CheckoutErrors",
        cause="deploy: shop 1.4.2",
        opened=NOON,
    )
    root = alert(
        30,
        None,
        rule="CheckoutErrors",
        key={"service": "shop"},
        labels={"service": "shop", "environment": "production"},
        verdict="7.1 % of 480, the bound is 5 %",
        count=34,
    )
    queue = alert(
        31, None, rule="QueueLong", key={}, severity="warning", count=2, cascade="deploy-broke-it"
    )
    return PageFacts(page=Page(incident=incident, alerts=(root, queue)), public_url=URL)


def silent() -> PageFacts:
    """No signal began it: what should come did not."""
    incident = Incident(
        id=6,
        severity="critical",
        title="The nightly backup of globex did not report",
        root=40,
        rule="BackupMissing",
        tenant="globex",
        opened=NOON,
    )
    root = alert(
        40,
        None,
        rule="BackupMissing",
        key={"tenant": "globex"},
        labels={"tenant": "globex"},
        tenant="globex",
        verdict="0 signals within 1d, at least 1 was expected",
        count=0,
    )
    follows = alert(41, None, rule="ReportMissing", count=0, labels={}, cascade="needs-backup")
    return PageFacts(page=Page(incident=incident, alerts=(root, follows)), public_url=URL)


def suspected() -> PageFacts:
    """A cause that says nothing is suspected, and the same was mended before."""
    return replace(
        known(),
        findings=background().findings,
        behind=catalog().entries["TWILIO_API_FAILURE"],
        tests=("test:probe:twilio",),
    )


def tried() -> PageFacts:
    """Its rule had something run for it, after a deploy, and that did not help."""
    facts = known()
    page = replace(
        facts.page,
        tried=Tried("restart-worker", "1m after it ran the alert still fires", NOON + 80),
    )
    deployed = Change(kind="deploy", release="1.2.3", service="api", at=NOON - 240, author="bob")
    return replace(
        facts,
        page=page,
        findings=Findings(changes=(deployed,)),
        tests=("test:probe:twilio", "test:channel:sms"),
    )


KINDS = {
    "known": known,
    "unknown": unknown,
    "several": several,
    "deploy": deploy,
    "silent": silent,
    "suspected": suspected,
    "tried": tried,
}


def taken(facts: PageFacts, by: str, until: float | None) -> PageFacts:
    incident = replace(
        facts.page.incident,
        state="acknowledged",
        acknowledged=NOON + 60,
        acknowledged_by=by,
        ack_until=until,
    )
    return replace(facts, page=replace(facts.page, incident=incident))


def delivery(reason: Reason, severity: str = "critical", created: float = NOON + 90) -> Delivery:
    return Delivery(
        id=7,
        key="ab12-7",
        channel="mail",
        address="alice@example.com",
        person="alice",
        reason=reason,
        incident=3,
        severity=severity,
        created=created,
        due=created,
    )


def ended(facts: PageFacts, at: float) -> PageFacts:
    incident = replace(facts.page.incident, state="resolved", resolved=at)
    return replace(facts, page=replace(facts.page, incident=incident))


def folded(facts: PageFacts) -> PageFacts:
    """Its alerts are the other one's now."""
    own = replace(facts.page.incident, folded_into=2)
    home = replace(unknown().page.incident, id=2)
    return replace(facts, page=replace(facts.page, incident=own, home=home, alerts=()))


def case(name: str) -> tuple[PageFacts, Delivery]:
    reason: Any = name.rpartition("-")[2]
    facts = KINDS[name.partition("-")[0]]()
    severity = facts.page.incident.severity
    later = {
        "firing": 90.0,
        "cause_found": 240.0,
        "remedy_failed": 95.0,
        "reminder": 14_700.0,
        "ack_expiring": 3_060.0,
        "folded": 240.0,
        "resolved": 4_000.0,
    }
    at = NOON + later[reason]
    if reason == "ack_expiring":
        facts = taken(facts, "alice", NOON + 3_660)
    if reason == "resolved":
        facts = ended(facts, at)
    if reason == "folded":
        facts = folded(ended(facts, at))
    return facts, delivery(reason, severity, at)


@pytest.mark.parametrize(
    "name",
    [
        *(f"{kind}-{reason}" for kind in ("known", "unknown") for reason in REASONS),
        "several-firing",
        "several-resolved",
        "deploy-firing",
        "deploy-cause_found",
        "silent-firing",
        "suspected-firing",
        "suspected-reminder",
        "tried-firing",
        "tried-remedy_failed",
        "known-folded",
    ],
)
def test_the_message_reads_as_agreed(name: str) -> None:
    message = compose(*case(name))
    parts = {
        "txt": f"Subject: {message.subject}\n\n{message.text}",
        "html": message.html,
        "json": json.dumps(message.payload, indent=2, ensure_ascii=False) + "\n",
    }
    for ending, text in parts.items():
        path = GOLDEN / f"{name}.{ending}"
        if os.environ.get("SENTINEL_GOLDEN") == "write":
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        assert text == path.read_text()


def test_the_first_lines_say_whom_it_hurts_and_what_to_do() -> None:
    text = compose(*case("known-firing")).text
    assert text.startswith("3 tenants and 41 users affected since 12:00 UTC: SMS and login codes.")
    assert "Do first:    Read the error code in the message log." in text.split("\n\n")[1]


def test_all_probes_that_found_a_component_so_are_named_and_are_no_effects_of_each_other() -> None:
    key = {"component": "shop", "tags.probe": "web"}
    root = alert(50, None, rule="ComponentDown", key=key, tenant=None, labels={})
    other = replace(root, id=51, key={"component": "shop", "tags.probe": "ping"})
    incident = replace(silent().page.incident, root=50, rule="ComponentDown", tenant=None)
    facts = PageFacts(page=Page(incident=incident, alerts=(root, other)), public_url=URL)
    message = compose(facts, delivery("firing"))
    assert "Found by:    probes ping and web" in message.text
    assert message.payload["data"]["cascades"] == []


def test_what_sentinel_says_of_itself_is_told_by_its_words_and_not_by_how_often() -> None:
    facts = known()
    group = replace(facts.page.groups[0], project="sentinel")
    page = replace(facts.page, groups=(group,), reach=None)
    page = replace(page, incident=replace(page.incident, tenant=None, title="100 became 90"))
    assert compose(replace(facts, page=page), delivery("firing")).text.startswith("100 became 90.")


def reaching(facts: PageFacts, **reach: Any) -> PageFacts:
    found = Reach(began=NOON - 60, **reach)
    return replace(facts, page=replace(facts.page, reach=found))


def test_who_was_hurt_by_the_effects_alone_is_counted_too() -> None:
    facts, delivery = case("known-firing")
    message = compose(reaching(facts, tenants=12, users=70), delivery)
    assert message.text.startswith("12 tenants and 70 users affected since 11:59 UTC: SMS and")
    assert message.payload["data"]["impact"]["tenants"] == 12


def test_what_hurts_several_tenants_is_not_called_that_of_one() -> None:
    facts, delivery = case("known-firing")
    assert "acme" in compose(reaching(facts, tenants=1), delivery).subject
    message = compose(reaching(facts, tenants=2), delivery)
    assert "acme" not in message.subject
    assert "Where:       production" in message.text


def test_an_effect_is_told_with_all_of_its_errors_also_those_before_it_fired() -> None:
    facts, delivery = case("known-firing")
    first, effect, *more = facts.page.alerts
    alerts = (
        first,
        replace(effect, group=6),
        replace(effect, id=9, rule="NewError", group=6),
        *more,
    )
    facts = replace(facts, page=replace(facts.page, alerts=alerts))
    text = compose(reaching(facts, events={5: 50, 6: 25}), delivery).text
    assert "LOGIN_CODE_FAILURE: Login codes do not arrive (25 times)" in text
    assert "Seen:        50 times" in text


@pytest.mark.parametrize(
    ("reason", "start"),
    [
        ("firing", "[critical] SMS_DELIVERY_FAILURE · acme · production"),
        ("reminder", "Reminder: [critical] SMS_DELIVERY_FAILURE · acme · production"),
        ("cause_found", "Cause found: SMS_DELIVERY_FAILURE · acme · production"),
        ("ack_expiring", "Still on it? SMS_DELIVERY_FAILURE · acme · production"),
        ("resolved", "Resolved: SMS_DELIVERY_FAILURE · acme · production"),
    ],
)
def test_the_subject_says_what_and_where(reason: Reason, start: str) -> None:
    assert compose(known(), delivery(reason)).subject == start


def test_all_messages_of_an_incident_share_a_thread() -> None:
    threads = {compose(known(), delivery(reason)).thread for reason in REASONS}
    assert threads == {"ab12-incident-3"}


def test_the_same_facts_give_the_same_message() -> None:
    assert compose(*case("known-firing")) == compose(*case("known-firing"))


def test_a_message_that_comes_late_says_that_it_is_over() -> None:
    message = compose(ended(known(), NOON + 60), delivery("firing"))
    assert "It has ended since, at 12:01 UTC." in message.text
    assert ": It has ended since, at 12:01 UTC. " in message.short


def test_a_copy_says_which_channel_did_not_get_it_out() -> None:
    facts = known()
    facts = replace(facts, page=replace(facts.page, failed_channel="mail"))
    assert "because mail did not get it out" in compose(facts, delivery("firing")).text


def test_a_reminder_names_who_took_it() -> None:
    facts = known()
    incident = replace(facts.page.incident, state="acknowledged", acknowledged_by="bob")
    facts = replace(facts, page=replace(facts.page, incident=incident))
    assert "bob is on it." in compose(facts, delivery("reminder")).text


@pytest.mark.parametrize(
    ("facts", "start"),
    [
        (
            taken(known(), "alice", NOON + 3_660),
            "You have SMS_DELIVERY_FAILURE; your acknowledgement runs out at 13:01 UTC.",
        ),
        (
            taken(known(), "bob", NOON + 3_660),
            "bob has SMS_DELIVERY_FAILURE; the acknowledgement runs out at 13:01 UTC.",
        ),
        (taken(known(), "alice", None), "You have SMS_DELIVERY_FAILURE, until it is over."),
        (known(), "The acknowledgement of SMS_DELIVERY_FAILURE has run out: whoever is"),
        (ended(known(), NOON + 60), "SMS_DELIVERY_FAILURE is over."),
    ],
)
def test_whose_acknowledgement_runs_out_is_asked_to_give_it_again(
    facts: PageFacts, start: str
) -> None:
    text = compose(facts, delivery("ack_expiring")).text
    assert " ".join(text.split()).startswith(start)


def test_a_message_for_several_incidents_counts_and_lists_the_others() -> None:
    message = compose(several(), delivery("firing"))
    assert message.subject == "[critical] SMS_DELIVERY_FAILURE · acme · production and 2 more"
    assert "[warning] The queue is long, since 11:59 UTC" in message.text
    assert "[info] A slow query, over, lasted 5 min from 11:50 UTC" in message.html
    assert [one["id"] for one in message.payload["data"]["others"]] == [8, 9]


def test_errors_with_the_same_words_are_told_apart_by_their_code_and_tenant() -> None:
    facts = several()
    others = tuple(
        replace(facts.page.others[0], title=title, code=code, tenant="globex")
        for title, code in [("it failed", "ORDER_LOST"), ("ORDER_LATE of globex", "ORDER_LATE")]
    )
    text = compose(replace(facts, page=replace(facts.page, others=others)), delivery("firing")).text
    assert "[warning] ORDER_LOST: it failed · globex, since" in " ".join(text.split())
    assert "[warning] ORDER_LATE of globex, since" in " ".join(text.split())


def test_where_characters_count_nothing_is_said_to_stand_below() -> None:
    message = compose(several(), delivery("firing"))
    assert "and 2 more: " in message.short
    assert "below" not in message.short
    assert "see below" in message.text


def test_a_long_name_gives_way_to_the_count_of_the_others() -> None:
    facts = several()
    incident = replace(facts.page.incident, code="A_CODE_OF_FORTY_CHARACTERS_THAT_IS_LONG_")
    facts = replace(facts, page=replace(facts.page, incident=incident))
    subject = compose(facts, delivery("firing")).subject
    assert subject == "[critical] A_CODE_OF_FORTY_CHARACTERS_… · acme · production and 2 more"


def test_a_long_list_of_incidents_is_cut_and_says_so() -> None:
    facts = several()
    others = tuple(replace(facts.page.others[0], id=number) for number in range(100, 130))
    message = compose(replace(facts, page=replace(facts.page, others=others)), delivery("firing"))
    assert message.text.count("The queue is long") == 20
    assert "(and 10 more)" in message.text
    assert "and 10 more" in message.html


def test_what_a_correlation_found_leads_and_is_a_fact() -> None:
    message = compose(deploy(), delivery("firing"))
    lead = " ".join(message.text.partition("\n\n")[0].split())
    assert lead.endswith("The cause seems to be deploy: shop 1.4.2.")
    assert "Do first:    Look at deploy: shop 1.4.2" in message.text
    assert "Cause:       deploy: shop 1.4.2" in message.text
    assert message.payload["data"]["incident"]["cause"] == "deploy: shop 1.4.2"
    found = compose(deploy(), delivery("cause_found"))
    assert found.subject.startswith("Cause found: deploy: shop 1.4.2")
    assert found.text.startswith(
        "The cause was found: deploy: shop 1.4.2, and it explains Checkout fails"
    )


def test_a_flapping_alert_is_called_one() -> None:
    facts = known()
    alerts = (replace(facts.page.alerts[0], flapping=True), *facts.page.alerts[1:])
    facts = replace(facts, page=replace(facts.page, alerts=alerts))
    assert "It comes and goes (flaps)" in compose(facts, delivery("reminder")).text
    assert "flaps" not in compose(facts, delivery("resolved")).text


def test_nothing_is_counted_where_no_signal_came() -> None:
    text = compose(silent(), delivery("firing")).text
    assert "- ReportMissing\n" in text
    assert "Seen:" not in text


def test_a_test_message_says_that_nothing_is_broken() -> None:
    message = compose_test(delivery("test"), URL)
    assert "Nothing is broken" in message.text
    assert message.payload["type"] == "test"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "https://x.example/ onload=x", "//x"])
def test_a_runbook_that_is_no_web_address_is_no_link(address: str) -> None:
    facts = unknown()
    root = replace(facts.page.alerts[0], annotations={"runbook": address})
    facts = replace(facts, page=replace(facts.page, alerts=(root,)))
    message = compose(facts, delivery("firing"))
    assert address not in message.html
    assert address not in message.text


hostile = st.text(
    st.one_of(
        st.sampled_from("<>&\"'`{}%\r\n\t\x00\x1b\u202e\u2028\ufeff"),
        st.characters(codec="utf-8"),
    ),
    max_size=3000,
)


@settings(max_examples=examples(40), deadline=None)
@given(hostile, hostile, st.sampled_from(REASONS))
def test_text_from_outside_can_neither_break_out_nor_grow(
    text: str, other: str, reason: Reason
) -> None:
    facts = known()
    page = facts.page
    assert page.sample is not None
    page = replace(
        page,
        incident=replace(page.incident, title=text, tenant=other or None, acknowledged_by=text),
        alerts=tuple(
            replace(one, rule=other, verdict=text, labels={"environment": text}, tenant=other)
            for one in page.alerts
        ),
        groups=(replace(page.groups[0], title=text, culprit=other),),
        sample=replace(page.sample, message=text, file=other or None, function=text, release=text),
    )
    facts = replace(facts, page=page, titles={"LOGIN_CODE_FAILURE": text})
    message = compose(facts, delivery(reason))
    assert len(message.subject) <= 70
    assert message.subject.isprintable()
    assert len(message.html.encode()) <= 30_000
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2028]", message.text + message.html)
    tags = set(re.findall(r"<(/?[a-zA-Z!][a-zA-Z0-9]*)", message.html))
    assert tags <= {tag for name in GOLDEN.glob("*.html") for tag in _tags(name)}
    msgspec.json.encode(message.payload)


def test_the_longest_catalog_entry_stays_small_enough_for_mail() -> None:
    entry = Entry(
        code="LONG",
        title="t" * 100,
        category="system",
        severity="critical",
        fix=tuple(f"{n} `a` & <b> " * 40 for n in range(30)),
        summary="s & " * 150,
        env_vars=tuple(f"VARIABLE_{n}" for n in range(30)),
        verify=tuple("& < > " * 100 for _ in range(30)),
        common_causes=tuple("& < > " * 100 for _ in range(30)),
        external_docs=tuple(f"https://example.com/{'d' * 400}{n}" for n in range(30)),
    )
    message = compose(replace(known(), entry=entry), delivery("firing"))
    assert len(message.html.encode()) <= 30_000
    assert "22 more" in message.html


def _tags(path: Path) -> set[str]:
    return set(re.findall(r"<(/?[a-zA-Z!][a-zA-Z0-9]*)", path.read_text()))


@pytest.mark.parametrize(
    ("made", "cause", "told"),
    [
        ({}, "", True),
        ({"tenant": "acme", "environment": "production"}, "", True),
        ({"tenant": "globex"}, "", False),
        ({"environment": "staging"}, "", False),
        ({}, "deploy of api", False),
    ],
)
def test_a_change_before_it_is_told_once_and_only_where_it_may_concern_it(
    made: dict[str, Any], cause: str, told: bool
) -> None:
    change = Change(kind="deploy", service="api", at=NOON - 240, **made)
    facts = replace(known(), findings=Findings(changes=(change,)))
    facts = replace(
        facts, page=replace(facts.page, incident=replace(facts.page.incident, cause=cause))
    )
    message = compose(facts, delivery("firing"))
    assert ("Changed:     deploy of api, 4 min before it began" in message.text) is told
    assert message.payload["data"]["changes"][0]["seconds_before"] == 240.0


def test_no_change_leads_anywhere_but_to_the_web() -> None:
    change = Change(kind="flag", at=NOON - 9, url="javascript:alert(1)")
    facts = replace(known(), findings=Findings(changes=(change,)))
    assert compose(facts, delivery("firing")).payload["data"]["changes"][0]["url"] is None


def test_the_variables_of_what_is_suspected_are_checked_first() -> None:
    behind = replace(catalog().entries["TWILIO_API_FAILURE"], env_vars=("TWILIO_API_KEY",))
    text = compose(replace(suspected(), behind=behind), delivery("firing")).text
    listed = text.partition("CHECK THESE VARIABLES")[2].split("\n\n")[0]
    assert listed.split() == ["(.env)", "TWILIO_API_KEY", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"]


def test_a_name_can_not_lead_a_test_elsewhere() -> None:
    facts = replace(known(), tests=("test:probe:a/../b?c",))
    (one,) = compose(facts, delivery("firing")).payload["data"]["tests"]
    assert one["url"] == f"{URL}/actions/test:probe:a%2F..%2Fb%3Fc?incident=3"


def answerable(facts: PageFacts) -> PageFacts:
    choice = Choice(verb="acknowledge", label="Acknowledge", token="x", url=f"{URL}/a/x")
    return replace(facts, choices=(choice,))


def test_where_characters_count_advice_stands_behind_what_must_not_be_cut() -> None:
    short = compose(answerable(known()), delivery("firing")).short
    who, answer, advice = (
        short.index(text) for text in ("affected since", "Reply 3a", "Do first:")
    )
    assert who < answer < advice
    assert short.endswith(f" {URL}/a/x")


@pytest.mark.parametrize("reason", ["firing", "reminder", "resolved"])
def test_where_characters_count_the_name_is_said_once(reason: Reason) -> None:
    facts = answerable(unknown())
    short = compose(facts, delivery(reason)).short
    assert short.count(facts.page.incident.title) == 1


def test_where_characters_count_no_commonplace_is_said() -> None:
    facts = answerable(unknown())
    [root] = facts.page.alerts
    bare = replace(facts, page=replace(facts.page, alerts=(replace(root, annotations={}),)))
    message = compose(bare, delivery("firing"))
    assert "Open the incident" in message.text
    assert "Open the incident" not in message.short


@pytest.mark.parametrize(("holder", "verb"), [("alice", "keep"), ("bob", "take")])
def test_whoever_has_it_is_not_asked_to_take_it(holder: str, verb: str) -> None:
    facts = answerable(taken(known(), holder, NOON + 3_660))
    assert f"Reply 3a to {verb} it." in compose(facts, delivery("ack_expiring")).short


def test_the_only_tenant_is_called_by_its_name() -> None:
    text = compose(reaching(known(), tenants=1), delivery("firing")).text
    assert text.startswith("acme affected since")


def test_what_is_over_hurts_nobody_any_more() -> None:
    facts = ended(known(), NOON + 60)
    assert "were affected: " in " ".join(compose(facts, delivery("resolved")).text.split())
