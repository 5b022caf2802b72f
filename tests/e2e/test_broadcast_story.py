"""From an error to the clients that it concerns, and back to quiet, through a real daemon."""

from tests.e2e.connection import event, send_once
from tests.e2e.daemon import sentinel
from tests.e2e.polling import until
from tests.e2e.servers import Mail
from tests.e2e.world import World

RULES = """
rules:
  - alert: SmsFailing
    on: error
    where: {code: SMS_DELIVERY_FAILURE}
    by: [tenant]
    timeframe: 4s
    labels: {severity: warning}
broadcasts:
  - name: sms
    when: {alert: SmsFailing}
    title: Text messages are delayed
    components: [sms]
    publish: PUBLISH
    resolve_after: 0s
    messages: {investigating: "They arrive late."}
    ask: {notify: [person:alice], by: mail}
"""
CLIENTS = """
status_page: {title: Shop}
clients: {title: Shop Ltd, channels: {email: mail}}
components: {sms: {title: Text messages}}
tenants:
  acme: {contacts: [{name: Ann, email: ann@acme.example}]}
  globex: {contacts: [{name: Gus, email: gus@globex.example}]}
"""


def test_the_affected_client_hears_that_it_begins_and_that_it_is_over(world: World) -> None:
    begin(world, "auto")
    until(lambda: len(mails(world, "ann@acme.example")) == 2, "both messages came")
    first, last = mails(world, "ann@acme.example")
    assert first.parsed["Subject"] == "Investigating: Text messages are delayed"
    assert last.parsed["Subject"] == "Resolved: Text messages are delayed"
    assert first.parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "SMS_DELIVERY_FAILURE" not in first.part("plain") + first.part("html")
    assert mails(world, "gus@globex.example") == []
    world.wait_sent()
    world.assert_sound()


def test_a_veto_at_the_terminal_stops_what_is_held(world: World) -> None:
    begin(world, "hold 1m", lasts="15s")
    until(lambda: mails(world, "alice@example.com"), "alice is asked")
    [asked] = mails(world, "alice@example.com")
    assert "They arrive late." in asked.part("plain")
    done = sentinel("broadcast", "veto", "1", "--state-dir", world.daemon.state_dir)
    assert done.returncode == 0, done.stderr
    assert "never goes out" in done.stdout
    query = "SELECT count(*) FROM broadcasts WHERE ended IS NOT NULL"
    until(lambda: world.daemon.ask(query) == [(1,)], "it is over for clients, too", 40)
    assert mails(world, "ann@acme.example") == []


def begin(world: World, publish: str, lasts: str = "4s") -> None:
    world.configure(RULES.replace("PUBLISH", publish).replace("4s", lasts), CLIENTS)
    world.daemon.start()
    failed = event("SMS_DELIVERY_FAILURE")
    failed["tags"]["tenant"] = "acme"
    assert send_once(world.daemon.dsn(), failed).status == 200


def mails(world: World, to: str) -> list[Mail]:
    return [one for one in list(world.mailbox.mails) if one.recipients == [to]]
