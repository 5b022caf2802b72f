"""Previews of what clients were told, or are to be."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sentinel.config.model import Config
from sentinel.errors import Invalid
from sentinel.installation import require
from sentinel.model.broadcast import Broadcast, Update
from sentinel.pages import Composer
from sentinel.store import broadcasts
from sentinel.store.connection import connect, transaction
from sentinel.store.migrations import migrate
from sentinel.templating.preview import Previews, Wish

CONFIG = """
channels:
  mail: {type: email, host: localhost, sender: a@example.com}
components: {sms: {title: Text messages}}
clients:
  languages:
    de: {investigating: "Wir sehen nach"}
templates:
  - name: ours
    audience: client
    subject: "{{ badge }}: {{ title }}"
    text: "{{ phase }} {{ components | join }}: {{ message }}"
"""
STORY = Broadcast(
    id=3, kind="incident", title="SMS are late", incident=12, opened=1.0, components=("sms",)
)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "state")
    migrate(connection)
    with transaction(connection):
        yield connection
    connection.close()


@pytest.fixture
def previews(tmp_path: Path) -> Previews:
    (tmp_path / "sentinel.yaml").write_text(CONFIG)
    found, _ = require(tmp_path / "sentinel.yaml", {})
    config: Config = found.config
    return Previews(config, Composer(config, found.catalog, found.cause_finder()))


def said(conn: sqlite3.Connection, *updates: tuple[Any, str, Any]) -> None:
    broadcasts.save(conn, [STORY])
    broadcasts.save_updates(
        conn,
        [
            Update(
                id=number,
                broadcast=STORY.id,
                phase=phase,
                text=text,
                translations={"de": f"{text} (de)"},
                state=state,
                created=1.0,
            )
            for number, (phase, text, state) in enumerate(updates, 1)
        ],
    )


def test_the_latest_that_was_written_is_shown(conn: sqlite3.Connection, previews: Previews) -> None:
    said(conn, ("investigating", "Late.", "published"), ("correction", "Only some.", "draft"))
    made = previews.show(conn, Wish(audience="client", broadcast=3), 9.0)
    assert (made.template, made.about) == ("ours", "correction")
    assert made.subject == "Correction: SMS are late"
    assert made.text.startswith("correction Text messages: Only some.\n")


def test_what_was_stopped_is_shown_where_there_is_nothing_else(
    conn: sqlite3.Connection, previews: Previews
) -> None:
    said(conn, ("investigating", "Late.", "vetoed"))
    assert "Late." in previews.show(conn, Wish(audience="client", broadcast=3), 9.0).text
    said(conn, ("investigating", "Late.", "published"), ("resolved", "Over.", "vetoed"))
    assert "Late." in previews.show(conn, Wish(audience="client", broadcast=3), 9.0).text


def test_an_incident_leads_to_what_clients_were_told_of_it(
    conn: sqlite3.Connection, previews: Previews
) -> None:
    said(conn, ("investigating", "Late.", "published"), ("resolved", "Over.", "published"))
    wish = Wish(audience="client", incident=12, about="investigating", template="", language="de")
    made = previews.show(conn, wish, 9.0)
    assert (made.template, made.subject) == ("", "Wir sehen nach: SMS are late")
    assert made.text.startswith("Late. (de)\n")


def test_no_link_of_a_real_client_is_in_it(conn: sqlite3.Connection, previews: Previews) -> None:
    said(conn, ("investigating", "Late.", "published"))
    made = previews.show(conn, Wish(audience="client", broadcast=3, template=""), 9.0)
    assert "it@acme.example" in made.text


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        ({"broadcast": 4}, "there is no broadcast 4"),
        ({"incident": 9}, "no broadcast is about incident 9"),
        ({"broadcast": 3, "about": "resolved"}, "found 'resolved', expected what broadcast 3 has"),
        ({"broadcast": 3, "language": "xx"}, "found the language 'xx', expected"),
        ({"broadcast": 3, "audience": "admin"}, "broadcasts are for clients"),
    ],
)
def test_what_there_is_not_is_told(
    conn: sqlite3.Connection, previews: Previews, wish: dict[str, Any], problem: str
) -> None:
    said(conn, ("investigating", "Late.", "published"))
    with pytest.raises(Invalid, match=problem):
        previews.show(conn, Wish(**{"audience": "client", **wish}), 9.0)
