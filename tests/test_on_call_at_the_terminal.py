"""`sentinel on-call` and `sentinel dnd`, beside a daemon and without one."""

import contextlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sentinel import cli
from sentinel.cli import asking
from sentinel.clock import SystemClock
from sentinel.engine.commands import Command, EndOverride, SetDoNotDisturb, SetOverride
from sentinel.model.override import Override
from sentinel.model.rest import DoNotDisturb
from sentinel.store import audit, commands, overrides, rests
from sentinel.store.connection import connect, transaction
from sentinel.store.migrations import migrate
from tests.on_call.crew import MAIN, RULES

HOUR = 3_600.0


class Terminal:
    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.state_dir = folder / "state"
        self.config = folder / "sentinel.yaml"
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str]:
        """Exit status, and all that was said."""
        monkeypatch = self._monkeypatch
        monkeypatch.setenv("SENTINEL_CONFIG", str(self.config))
        monkeypatch.setenv("SENTINEL_STATE_DIR", str(self.state_dir))
        monkeypatch.setattr(sys, "argv", ["sentinel", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = self._capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    def json(self, *words: str) -> Any:
        status, text = self(*words, "--json")
        assert status == 0, text
        return json.loads(text)

    def waiting(self) -> list[Command]:
        with contextlib.closing(connect(self.state_dir)) as conn:
            return commands.take(conn, 0.0)

    def audited(self) -> list[str]:
        with contextlib.closing(connect(self.state_dir)) as conn:
            return [f"{one.actor}: {one.action}, {one.object}" for one in audit.entries(conn)]

    def keep(self, one: Override | DoNotDisturb) -> None:
        with contextlib.closing(connect(self.state_dir)) as conn, transaction(conn):
            if isinstance(one, Override):
                overrides.save(conn, [one])
            else:
                rests.save(conn, [one])


@pytest.fixture
def terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    """No daemon: nothing is worth waiting for."""
    monkeypatch.setattr(asking, "_PATIENCE", 0.0)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)
    (tmp_path / "sentinel.yaml").write_text(MAIN)
    (tmp_path / "state").mkdir()
    with contextlib.closing(connect(tmp_path / "state")) as conn:
        migrate(conn)
    return Terminal(tmp_path, monkeypatch, capsys)


def an_override(number: int = 4, **changes: Any) -> Override:
    now = SystemClock().now()
    given = {"schedule": "primary", "people": ("bob",), "starts": now, "ends": now + HOUR}
    return Override(id=number, author="alice", **{**given, **changes})


def test_who_is_on_call_is_shown_with_who_stands_in(terminal: Terminal) -> None:
    before = {one["schedule"]: one["people"] for one in terminal.json("on-call")}
    other = "bob" if before["primary"] == ["alice"] else "alice"
    terminal.keep(an_override(people=(other,)))
    after = {one["schedule"]: one["people"] for one in terminal.json("on-call")}
    assert after["primary"] == [other]
    status, text = terminal("on-call")
    assert status == 0
    assert "primary" in text


def test_who_is_paged_on_sunday_at_three(terminal: Terminal) -> None:
    status, text = terminal("on-call", "who", "--at", "Sun 03:00", "--label", "severity=critical")
    assert status == 0
    assert "Sun " in text
    assert "03:00" in text
    lines = [line.split() for line in text.splitlines()]
    assert next(line[-1] for line in lines if "step" in line) == "console"
    assert any(line[:1] == ["+5m"] and line[-3:] == ["bob", "by", "mail"] for line in lines)


def test_over_how_many_channels_somebody_is_told_at_once_is_one_row(terminal: Terminal) -> None:
    more = "channels:\n  second: {type: email, host: localhost, sender: s@example.com}\n"
    terminal.config.write_text(MAIN.replace("channels:\n", more))
    _, text = terminal("on-call", "who", "--at", "Sun 03:00", "--label", "severity=critical")
    told = [line for line in text.splitlines() if line.split()[:1] == ["+5m"]]
    assert [line.split("step 2")[-1].strip() for line in told] == ["bob by second, mail"]


def test_it_is_told_without_a_database_that_part_of_it_is_not_known(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.state_dir = tmp_path / "none"
    status, text = terminal("on-call", "who")
    assert status == 0
    assert "Without silences, overrides and rests: no database" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at", "tomorrow"), "or in words: now, 03:00, Sun 03:00"),
        (("--at", "Xyz 03:00"), "expected a weekday such as Sun"),
        (("--severity", "bad"), "expected one of critical, warning, info"),
        (("--label", "team"), "expected a label such as team=web"),
        (("--route", "none"), "found 'none', which there is not"),
    ],
)
def test_a_question_that_can_not_be_read_is_refused(
    terminal: Terminal, words: tuple[str, ...], said: str
) -> None:
    status, text = terminal("on-call", "who", *words)
    assert status == 1
    assert said in text


def test_an_override_waits_for_the_daemon(terminal: Terminal) -> None:
    words = ("--for", "2h", "--reason", "a dentist", "--author", "alice")
    status, text = terminal("on-call", "override", "add", "primary", "bob", *words)
    assert status == 0
    assert "no daemon has taken it" in text
    [command] = terminal.waiting()
    assert isinstance(command, SetOverride)
    asked = command.override
    assert (asked.people, asked.author, asked.reason) == (("bob",), "alice", "a dentist")
    assert asked.ends - asked.starts == 2 * HOUR
    assert terminal.audited() == ["alice: override set, bob in primary"]


def test_a_running_daemon_answers_with_the_number(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_PATIENCE", 10.0)
    with _daemon(terminal, _numbered):
        found = terminal.json("on-call", "override", "add", "primary", "bob", "--for", "2h")
    assert (found["taken"], found["override"]["id"]) == (True, 9)


def test_one_that_the_daemon_did_not_set_is_said_so(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_PATIENCE", 10.0)
    with _daemon(terminal, lambda one: None):
        status, text = terminal("on-call", "override", "add", "primary", "bob", "--for", "2h")
    assert status == 1
    assert "another override holds at that time" in text


def test_overlapping_ones_are_refused_at_once(terminal: Terminal) -> None:
    terminal.keep(an_override())
    status, text = terminal("on-call", "override", "add", "primary", "alice", "--for", "2h")
    assert status == 1
    assert "found override 4 of bob in primary" in text
    assert terminal.waiting() == []


def test_overrides_are_listed_and_ended(terminal: Terminal) -> None:
    assert "No overrides." in terminal("on-call", "override", "list")[1]
    terminal.keep(an_override(reason="a dentist"))
    terminal.keep(an_override(3, ended=1.0, ended_by="bob"))
    assert [one["id"] for one in terminal.json("on-call", "override", "list")] == [4]
    assert [one["id"] for one in terminal.json("on-call", "override", "list", "--all")] == [4, 3]
    assert "a dentist" in terminal("on-call", "override", "list")[1]
    assert terminal("on-call", "override", "end", "4", "--author", "bob")[0] == 0
    [command] = terminal.waiting()
    assert isinstance(command, EndOverride)
    assert (command.override, command.by) == (4, "bob")


def test_overrides_are_listed_by_the_clocks_of_their_schedules(terminal: Terminal) -> None:
    rules = terminal.config.parent / "rules" / "rules.yaml"
    named = RULES.replace("- name: primary\n", "- name: primary\n    timezone: Asia/Tokyo\n")
    rules.write_text(named)
    at = 4_000_000_000.0
    terminal.keep(an_override(starts=at, ends=at + HOUR))
    text = terminal("on-call", "override", "list")[1]
    assert "2096-10-02 16:06 JST" in text
    assert "2096-10-02 17:06 JST" in text


def test_overrides_are_listed_in_utc_where_the_configuration_can_not_be_read(
    terminal: Terminal,
) -> None:
    terminal.config.write_text("channels: [nonsense")
    terminal.keep(an_override(starts=4_000_000_000.0, ends=4_000_000_000.0 + HOUR))
    assert "2096-10-02 07:06 UTC" in terminal("on-call", "override", "list")[1]


def test_a_check_counts_the_overrides_that_were_set(terminal: Terminal) -> None:
    assert "schedule/gap" in terminal("check")[1]
    now = SystemClock().now()
    terminal.keep(an_override(schedule="office", starts=now - HOUR, ends=now + 40 * 24 * HOUR))
    status, text = terminal("check")
    assert status == 0
    assert "schedule/gap" not in text


def test_a_check_names_those_in_an_override_who_are_gone(terminal: Terminal) -> None:
    terminal.keep(an_override(people=("dora", "bob")))
    status, text = terminal("check")
    assert status == 0
    assert "found override 4, set by alice, of dora, who is not among people" in text
    assert "it holds for bob alone" in text


@pytest.mark.parametrize(("number", "said"), [("3", "over already"), ("7", "no override 7")])
def test_what_is_over_is_not_ended_again(terminal: Terminal, number: str, said: str) -> None:
    terminal.keep(an_override(3, ended=1.0, ended_by="bob"))
    status, text = terminal("on-call", "override", "end", number)
    assert status == 1
    assert said in text


@pytest.mark.parametrize(("lasts", "ahead"), [("2h", 2 * HOUR), ("off", 0.0)])
def test_a_person_asks_not_to_be_disturbed(terminal: Terminal, lasts: str, ahead: float) -> None:
    now = SystemClock().now()
    assert terminal("dnd", "alice", lasts, "--author", "bob")[0] == 0
    [command] = terminal.waiting()
    assert isinstance(command, SetDoNotDisturb)
    assert (command.person, command.by) == ("alice", "bob")
    assert command.until == pytest.approx(now + ahead, abs=60)


def test_who_is_left_alone_is_listed(terminal: Terminal) -> None:
    assert "Everybody can be disturbed" in terminal("dnd")[1]
    now = SystemClock().now()
    terminal.keep(DoNotDisturb(person="alice", since=now, until=now + HOUR, by="bob"))
    assert [one["person"] for one in terminal.json("dnd")] == ["alice"]
    assert "alice" in terminal("dnd")[1]


def test_people_are_left_alone_by_their_own_clocks(terminal: Terminal) -> None:
    quiet = "except: critical, timezone: Asia/Tokyo}"
    terminal.config.write_text(MAIN.replace("except: critical}", quiet))
    terminal.keep(DoNotDisturb(person="bob", since=0.0, until=4_000_000_000.0, by="bob"))
    assert "2096-10-02 16:06 JST" in terminal("dnd")[1]


def test_a_person_who_is_not_known_is_named_with_a_hint(terminal: Terminal) -> None:
    status, text = terminal("dnd", "alicia", "2h")
    assert status == 1
    assert "did you mean alice?" in text


def _numbered(command: Command) -> Override:
    assert isinstance(command, SetOverride)
    given = {name: getattr(command.override, name) for name in Override.__struct_fields__}
    return Override(**{**given, "id": 9})


@contextlib.contextmanager
def _daemon(terminal: Terminal, made_of: Callable[[Command], Override | None]) -> Iterator[None]:
    """Takes the first commands that come, and keeps what is made of them."""
    done = threading.Event()

    def work() -> None:
        with contextlib.closing(connect(terminal.state_dir)) as conn:
            while not commands.waiting(conn):
                if done.wait(0.02):
                    return
            with transaction(conn):
                made = map(made_of, commands.take(conn, 0.0))
                overrides.save(conn, [one for one in made if one is not None])

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
