"""From the link in the mail to the others hearing who has it."""

import re
import urllib.request
from pathlib import Path

from tests.e2e.connection import event, send_once
from tests.e2e.polling import until
from tests.e2e.world import World

RULES = """
rules:
  - alert: Broken
    on: error
    by: [code]
    labels: {severity: critical, team: two}
"""
ROUTES = """
routes:
  - {name: both, escalation: both}
escalations:
  - name: both
    steps:
      - notify: [person:alice, person:bob]
"""


def mails_to(world: World, person: str) -> list[str]:
    return [
        str(mail.parsed["Subject"])
        for mail in world.mailbox.mails
        if str(mail.parsed["To"]) == f"{person}@example.com"
    ]


def test_a_page_is_acknowledged_from_the_mail(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        world.configure(RULES)
        world.write("rules/default.yaml", RULES + ROUTES)
        world.daemon.start()
        send_once(world.daemon.dsn(), event("SMS_DOWN"))
        until(lambda: mails_to(world, "alice") and mails_to(world, "bob"), "both are paged")
        mail = next(m for m in world.mailbox.mails if str(m.parsed["To"]).startswith("alice"))
        body = mail.parsed.get_body(("plain",))
        assert body is not None
        link = re.search(r"Acknowledge: +(http\S+)", body.get_content())
        assert link is not None
        for _ in range(2):
            with urllib.request.urlopen(link[1]) as page:
                assert b"Acknowledge as alice" in page.read()
        assert world.daemon.ask("SELECT count(*) FROM incidents WHERE state = 'open'") == [(1,)]
        with urllib.request.urlopen(link[1], data=b"") as page:
            assert b"You have incident 1" in page.read()
        until(lambda: len(mails_to(world, "bob")) == 2, "bob hears who has it")
        assert "alice" in mails_to(world, "bob")[1]
        assert len(mails_to(world, "alice")) == 1
