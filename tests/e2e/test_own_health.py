"""A daemon that looks after itself: the heartbeat outwards, fire drills, components in time."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.e2e.daemon import sentinel
from tests.e2e.polling import until
from tests.e2e.world import World

MORE = """
heartbeat: {{url: "http://127.0.0.1:{port}/ping", every: 10s}}
components: {{shop: {{depends_on: [machine]}}}}
probes: [{{name: machine, type: host, interval: 5s}}]
fire_drills: [{{name: weekly, every: 7d, notify: [person:alice]}}]
"""


@pytest.fixture
def beats() -> Iterator[tuple[int, list[str]]]:
    """The port of a dead man's switch, and the paths that it was asked for."""
    asked: list[str] = []

    class Switch(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Switch)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_running_daemon_beats_drills_and_knows_how_its_components_are(
    world: World, beats: tuple[int, list[str]]
) -> None:
    port, asked = beats
    world.configure("rules: []", MORE.format(port=port))
    world.daemon.start()
    held = sentinel("drill", "weekly", "--author", "bob", "--state-dir", world.daemon.state_dir)
    assert held.returncode == 0, held.stderr
    assert "weekly: passed; all receipts within" in held.stdout
    (mail,) = world.mailbox.mails
    assert mail.parsed["subject"] == "Fire drill: nothing is broken"
    until(lambda: asked, "the switch is asked")
    assert set(asked) == {"/ping"}
    status, text = world.daemon.get("/metrics")
    assert status == 200
    assert 'sentinel_last_proven_delivery_seconds{channel="mail",person="alice"}' in text
    states = dict(world.daemon.ask("SELECT name, status FROM components"))
    assert states["sentinel.pipeline"] == "up"
    assert "machine" in states
