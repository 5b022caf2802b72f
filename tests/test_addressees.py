"""Whom a test message goes to."""

from pathlib import Path

import pytest

from sentinel.addressees import addressees
from sentinel.config.model import Config
from sentinel.errors import Invalid
from sentinel.installation import require
from sentinel.model.delivery import Recipient

MAIN = """
channels:
  console: {type: console}
  bob: {type: console}
  mail: {type: email, host: localhost, sender: s@example.com, tls: none}
  spare: {type: email, host: localhost, sender: s@example.com, tls: none}
people:
  alice: {email: alice@example.com}
  bob: {email: bob@example.com}
  carol: {quiet: {from: "22:00", until: "07:00"}}
"""
ALICE = "alice@example.com"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "rules").mkdir()
    (tmp_path / "sentinel.yaml").write_text(MAIN)
    return require(tmp_path / "sentinel.yaml", {})[0].config


def test_a_channel_that_says_itself_where_to_needs_nobody(config: Config) -> None:
    assert addressees(config, "console") == (Recipient("console"),)


def test_a_channel_to_people_takes_one(config: Config) -> None:
    assert addressees(config, "mail", to="alice") == (Recipient("mail", ALICE, "alice"),)


def test_a_person_is_reached_over_every_channel(config: Config) -> None:
    found = addressees(config, "alice")
    assert [one.channel for one in found] == ["mail", "spare"]


def test_a_person_may_be_reached_over_one_channel_alone(config: Config) -> None:
    assert addressees(config, "person:alice", by="spare") == (Recipient("spare", ALICE, "alice"),)


def test_a_kind_tells_two_of_one_name_apart(config: Config) -> None:
    assert addressees(config, "channel:bob") == (Recipient("bob"),)
    assert addressees(config, "person:bob")[0].person == "bob"


@pytest.mark.parametrize(
    ("target", "to", "by", "said"),
    [
        ("bob", None, None, "write channel:bob or person:bob"),
        ("alcie", None, None, "did you mean alice"),
        ("channel:alice", None, None, "there is no channel 'alice'"),
        ("team:leads", None, None, "expected channel:NAME, person:NAME"),
        ("", None, None, "expected one of"),
        ("mail", None, None, r"name one by --to PERSON \(it reaches alice, bob\)"),
        ("mail", "dave", None, "there is no person 'dave'"),
        ("mail", "carol", None, "does not reach carol, whose entry under `people:` has no `email`"),
        ("console", "alice", None, "leave --to out"),
        ("console", None, "mail", "--by goes with a person"),
        ("alice", "bob", None, "--to goes with a channel"),
        ("alice", None, "male", "did you mean mail"),
        ("alice", None, "console", "console itself says where it sends to"),
        ("carol", None, None, "no channel reaches carol"),
    ],
)
def test_what_reaches_nobody_is_refused(
    config: Config, target: str, to: str | None, by: str | None, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        addressees(config, target, to=to, by=by)


def test_the_channel_that_clients_hear_over_is_left_to_them(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "sentinel.yaml").write_text(MAIN + "clients: {channels: {email: spare}}\n")
    config = require(tmp_path / "sentinel.yaml", {})[0].config
    assert [one.channel for one in addressees(config, "alice")] == ["mail"]
    assert addressees(config, "alice", by="spare") == (Recipient("spare", ALICE, "alice"),)
