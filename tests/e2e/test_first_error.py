"""The first minute of a newcomer: an error of an unmodified Sentry SDK, and all that follows."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import clean_environment, sentinel
from tests.e2e.polling import until
from tests.e2e.world import World

RULES = """
rules:
  - alert: CriticalError
    on: error
    where: {severity: critical, code: {exists: true}}
    by: [code, tenant]
    labels: {severity: critical}
    annotations: {summary: "{code}: {title}"}
"""
# Orders with other numbers fail in the same way: they are one error group.
SHOP = """
import sys
import sentry_sdk

sentry_sdk.init(sys.argv[1], release="shop@1.4.2", environment="production")
sentry_sdk.set_tag("tenant", "acme")
sentry_sdk.set_user({"id": "alice"})

class TwilioApiFailure(Exception):
    pass

def call_twilio():
    raise ConnectionError("401 Unauthorized, error 20003")

def confirm(order):
    sentry_sdk.add_breadcrumb(category="order", message=f"confirming {order}")
    try:
        call_twilio()
    except ConnectionError as error:
        raise TwilioApiFailure(f"TWILIO_API_FAILURE: order {order} not confirmed") from error

for order in (1001, 1002, 1003):
    try:
        confirm(order)
    except TwilioApiFailure as error:
        sentry_sdk.capture_exception(error)
sentry_sdk.flush(20)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """After the shop has failed and everybody has been told."""
    with World(tmp_path_factory.mktemp("first")) as world:
        world.configure(RULES)
        world.daemon.start()
        script = world.folder / "shop.py"
        script.write_text(SHOP)
        done = subprocess.run(
            [sys.executable, str(script), world.daemon.dsn()],
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        until(lambda: world.hooks.calls and world.mailbox.mails, "both messages have arrived")
        world.wait_sent()
        yield world


@pytest.fixture(scope="module")
def payload(shop: World) -> Any:
    [call] = shop.hooks.calls
    return call.body


def test_the_mail_says_cause_impact_and_fix(shop: World) -> None:
    [mail] = shop.mailbox.mails
    assert (mail.sender, mail.recipients) == ("sentinel@example.com", ["alice@example.com"])
    assert "TWILIO_API_FAILURE" in str(mail.parsed["Subject"])
    for text in (mail.part("plain"), mail.part("html")):
        words = " ".join(text.split())
        assert "Twilio refuses or does not answer our API calls" in words
        assert "TWILIO_AUTH_TOKEN" in words
        assert "Read the HTTP status and Twilio" in words
        assert "phone greetings" in words
        assert "A deploy went out without TWILIO_ACCOUNT_SID" in words
        assert f"{shop.daemon.url}/incidents/1" in words
        # The newest event, of several that may have come while the page was on its way.
        assert re.search(r"order \d+ not confirmed", words)


def test_a_dsn_has_the_port_of_the_daemon_that_runs(shop: World) -> None:
    done = sentinel("dsn", "shop", "--state-dir", shop.daemon.state_dir)
    assert done.stdout.strip() == shop.daemon.dsn()


def test_the_webhook_is_signed_and_carries_the_same_as_data(shop: World, payload: Any) -> None:
    assert shop.hooks.forged == []
    assert payload["type"] == "incident.firing"
    data = payload["data"]
    assert data["severity"] == "critical"
    assert data["incident"]["code"] == "TWILIO_API_FAILURE"
    assert data["catalog"]["fix"][0].startswith("Read the HTTP status and Twilio")
    assert data["catalog"]["common_causes"]
    assert data["catalog"]["env_vars"][0] == "TWILIO_ACCOUNT_SID"
    assert data["impact"]["priority"] == "P0"
    assert "phone greetings" in data["catalog"]["features"]
    assert data["error"]["release"] == "shop@1.4.2"


def test_the_mail_is_handed_over_within_a_second_of_the_error(shop: World) -> None:
    [(accepted,)] = shop.daemon.ask("SELECT min(received) FROM signals")
    sent = shop.daemon.ask("SELECT channel, sent FROM deliveries ORDER BY channel")
    assert [channel for channel, _ in sent] == ["hook", "mail"]
    assert all(0 <= at - accepted < 1.0 for _, at in sent)


def test_errors_that_differ_in_a_number_are_one_group(shop: World) -> None:
    [group] = shop.daemon.listed("errors")
    assert (group["count"], group["users"], group["tenants"]) == (3, 1, 1)
    assert group["code"] == "TWILIO_API_FAILURE"
    assert group["status"] == "open"
    assert group["first_release"] == "shop@1.4.2"


def test_the_commands_tell_what_was_done(shop: World) -> None:
    [alert] = shop.daemon.listed("alerts")
    assert (alert["rule"], alert["state"], alert["count"]) == ("CriticalError", "firing", 3)
    assert alert["key"] == {"code": "TWILIO_API_FAILURE", "tenant": "acme"}
    [incident] = shop.daemon.listed("incidents")
    assert (incident["state"], incident["severity"]) == ("open", "critical")
    assert (incident["size"], alert["incident"]) == (1, incident["id"])
    deliveries = shop.daemon.listed("deliveries")
    assert {(d["channel"], d["person"], d["state"]) for d in deliveries} == {
        ("mail", "alice", "sent"),
        ("hook", None, "sent"),
    }
    assert {d["attempts"] for d in deliveries} == {1}


def test_it_is_explained_why_somebody_was_paged(shop: World) -> None:
    why = shop.daemon.listed("explain", "1")
    verbs = [decision["verb"] for decision in why["decisions"]]
    assert verbs == ["alert_fired", "incident_opened", "delivery_enqueued", "delivery_enqueued"]
    assert all(decision["text"] for decision in why["decisions"])
    assert len(why["deliveries"]) == 2


def test_the_report_holds_all_that_is_known(shop: World) -> None:
    found = shop.daemon.listed("report", "1")
    assert found["entry"]["code"] == "TWILIO_API_FAILURE"
    raised = [one["type"] for one in found["exceptions"]]
    assert raised == ["TwilioApiFailure", "ConnectionError"]
    assert found["source"]["function"] == "confirm"
    assert found["source"]["file"].endswith("shop.py")
    assert {one["code"] for one in found["effects"]} >= {"SMS_DELIVERY_FAILURE"}
    assert found["entry"]["verify"]
    assert "confirming 100" in str(found)
    assert found["latest"]["tenant"] == "acme"


def test_each_delivery_carries_a_key_of_its_own(shop: World, payload: Any) -> None:
    keys = {key for (key,) in shop.daemon.ask("SELECT key FROM deliveries")}
    assert keys == {shop.hooks.calls[0].key, shop.mailbox.mails[0].key}
    assert payload["data"]["key"] == shop.hooks.calls[0].key


def test_the_database_is_for_its_owner_alone(shop: World) -> None:
    for file in Path(shop.daemon.state_dir).glob("sentinel.db*"):
        assert file.stat().st_mode & 0o077 == 0
