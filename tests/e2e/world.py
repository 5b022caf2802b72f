"""A daemon with everything around it: configuration, mail server, receiver of webhooks."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.e2e.daemon import Daemon
from tests.e2e.polling import until
from tests.e2e.servers import SECRET, Hooks, Mailbox

# What the catalog knows causes of is told at once: the tests need not wait for a cause to show.
_MAIN = """
public_url: {url}
hold: 0s
channels:
  mail:
    type: email
    host: 127.0.0.1
    port: {smtp}
    tls: none
    sender: Sentinel <sentinel@example.com>
  hook:
    type: webhook
    url: {hook}
    secret: {secret}
  inbox:
    type: inapp
people:
  alice: {{email: alice@example.com}}
  bob: {{email: bob@example.com}}
"""
# Critical alerts page Alice and the webhook at once, all others stay in the inbox.
ROUTES = """
routes:
  - name: pages
    matchers: [severity="critical"]
    escalation: page
  - name: rest
    escalation: inbox
escalations:
  - name: page
    steps:
      - notify: [person:alice, channel:hook]
  - name: inbox
    steps:
      - notify: [channel:inbox]
"""


class World:
    """To be used with `with`: what was started is ended."""

    def __init__(self, folder: Path, state_dir: Path | None = None) -> None:
        self.folder = folder
        self.mailbox = Mailbox()
        self.hooks = Hooks()
        self.daemon = Daemon(
            folder / "sentinel.yaml", state_dir or folder / "state", folder / "log"
        )
        (folder / "rules").mkdir()

    def __enter__(self) -> Self:
        self.mailbox.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.daemon.close()
        self.mailbox.stop()
        self.hooks.stop()

    def configure(self, rules: str, more: str = "") -> None:
        """`more` are further keys of the main file. Each file is exchanged in one step, as
        editors do it."""
        text = _MAIN.format(
            url=self.daemon.url, smtp=self.mailbox.port, hook=self.hooks.url, secret=SECRET
        )
        self.write("sentinel.yaml", text + more)
        self.write("rules/default.yaml", rules + ROUTES)

    def write(self, name: str, text: str) -> None:
        partial = self.folder / f"{name}.new"
        partial.write_text(text)
        os.replace(partial, self.folder / name)

    def wait_sent(self, seconds: float = 30.0) -> None:
        """Until no delivery is open."""
        query = "SELECT count(*) FROM deliveries WHERE state IN ('pending', 'sending')"
        until(lambda: self.daemon.ask(query) == [(0,)], "all deliveries have ended", seconds)

    def assert_sound(self) -> None:
        """Every page of the database file is as it should be."""
        assert self.daemon.ask("PRAGMA integrity_check") == [("ok",)]
        assert self.daemon.ask("PRAGMA foreign_key_check") == []
