"""`broadcasts:` and the `announce` of maintenance, as they are read and checked."""

from pathlib import Path

import pytest

from sentinel.config.model import Config
from sentinel.config.problem import Problem
from sentinel.installation import read

MAIN = """
public_url: https://status.example.com
channels: {mail: {type: email, host: 127.0.0.1, sender: a@example.com}}
people: {alice: {email: alice@example.com}}
components:
  sms: {title: Text messages}
  pg-primary-1: {title: Accounts}
"""
RULES = """
rules:
  - {alert: SmsFailing, on: error, labels: {severity: critical}}
"""


def load(folder: Path, text: str, main: str = MAIN) -> tuple[Config | None, list[Problem]]:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "rules.yaml").write_text(RULES + text)
    (folder / "sentinel.yaml").write_text(main)
    found, problems = read(folder / "sentinel.yaml", {})
    return (found.config if found else None), problems


def entry(messages: str = "{investigating: Late.}", more: str = "", when: str = "") -> str:
    when = when or "{alert: SmsFailing}"
    return f"broadcasts:\n  - {{name: sms, when: {when}, messages: {messages}, {more}}}\n"


def told(folder: Path, text: str) -> list[tuple[str, str]]:
    return [(one.id, one.path) for one in load(folder, text)[1] if one.id.split("/")[0] != "route"]


def test_an_entry_is_read_with_its_defaults(tmp_path: Path) -> None:
    config, problems = load(tmp_path, entry(more="components: [sms]"))
    assert config is not None, problems
    [one] = config.broadcasts
    assert (one.mode, one.hold, one.resolve_after, one.audience) == ("hold", 600, 120, "affected")
    assert one.title == "Problem with Text messages"
    assert one.messages == {"investigating": {"en": "Late."}}


@pytest.mark.parametrize(
    ("given", "mode", "hold"),
    [("auto", "auto", 0), ("draft", "draft", 0), ("hold 1h30m", "hold", 5_400)],
)
def test_publish_says_when_it_goes_out(tmp_path: Path, given: str, mode: str, hold: float) -> None:
    config, problems = load(tmp_path, entry(more=f"publish: {given}"))
    assert config is not None, problems
    assert (config.broadcasts[0].mode, config.broadcasts[0].hold) == (mode, hold)


def test_messages_in_several_languages_have_the_default_first(tmp_path: Path) -> None:
    messages = "{de: {investigating: Spät.}, en: {investigating: Late., resolved: Done.}}"
    config, problems = load(tmp_path, entry(messages))
    assert config is not None, problems
    found = config.broadcasts[0].messages
    assert list(found["investigating"].items()) == [("en", "Late."), ("de", "Spät.")]
    assert found["resolved"] == {"en": "Done."}


@pytest.mark.parametrize(
    ("text", "id", "path"),
    [
        (entry(when="{alert: SmsFaling}"), "config/unknown-name", "broadcasts[0].when.alert"),
        (entry(when="{severity: fatal}"), "config/wrong-type", "broadcasts[0].when.severity"),
        (
            entry(when="{matchers: [team]}"),
            "broadcast/bad-matcher",
            "broadcasts[0].when.matchers[0]",
        ),
        (entry(when="{}"), "broadcast/everything", "broadcasts[0].when"),
        (entry(more="components: [smss]"), "config/unknown-name", "broadcasts[0].components[0]"),
        (entry(more="publish: later"), "config/wrong-value", "broadcasts[0].publish"),
        (entry(more="audience: some"), "config/wrong-value", "broadcasts[0].audience"),
        (entry("{investigatng: x}"), "config/unknown-name", "broadcasts[0].messages.investigatng"),
        (entry("{resolved: x}"), "config/missing-key", "broadcasts[0].messages"),
        (
            entry("{investigating: '{tenant} fails'}"),
            "broadcast/placeholder",
            "broadcasts[0].messages.investigating",
        ),
        (
            entry("{investigating: 'a { brace'}"),
            "broadcast/placeholder",
            "broadcasts[0].messages.investigating",
        ),
        (
            entry("{investigating: 'pg-primary-1 is full'}"),
            "broadcast/leak",
            "broadcasts[0].messages.investigating",
        ),
        (
            entry("{en: {investigating: Late.}, de: {investigating: '10.0.0.1 weg'}}"),
            "broadcast/leak",
            "broadcasts[0].messages.de.investigating",
        ),
        (
            entry("{en: {investigating: Late.}, de: {resolved: Fertig.}}"),
            "broadcast/language",
            "broadcasts[0].messages.de.resolved",
        ),
        (entry(more="title: SmsFailing again"), "broadcast/leak", "broadcasts[0].title"),
        (entry(more='title: "a\\nBcc: x"'), "broadcast/title", "broadcasts[0].title"),
        (
            entry(more="ask: {notify: [person:carol]}"),
            "config/unknown-name",
            "broadcasts[0].ask.notify[0]",
        ),
    ],
)
def test_a_mistake_is_told_where_it_stands(tmp_path: Path, text: str, id: str, path: str) -> None:
    config, problems = load(tmp_path, text)
    assert config is None
    assert [(one.id, one.path) for one in problems if not one.warning] == [(id, path)]
    assert problems[0].line > 4


def test_a_leak_names_what_it_found(tmp_path: Path) -> None:
    _, [problem] = load(tmp_path, entry("{investigating: 'Ask bob@corp.example, DB_DOWN'}"))
    assert problem.found == "an e-mail address: bob@corp.example; an error code: DB_DOWN"


def test_a_severity_that_the_alert_never_has_is_warned_of(tmp_path: Path) -> None:
    _, problems = load(tmp_path, entry(when="{alert: SmsFailing, severity: warning}"))
    assert [one.id for one in problems if one.id.startswith("broadcast")] == ["broadcast/never"]


def test_two_entries_have_two_names(tmp_path: Path) -> None:
    one = entry().removeprefix("broadcasts:\n")
    _, problems = load(tmp_path, f"broadcasts:\n{one}{one}")
    assert "config/duplicate-name" in [one.id for one in problems]


def work(announce: str) -> str:
    return (
        "maintenance:\n  - {name: upgrade, matchers: [team=db], from: 2026-12-24T22:00, "
        f"until: 2026-12-25T02:00, announce: {announce}}}\n"
    )


def test_work_is_announced_a_day_and_an_hour_ahead(tmp_path: Path) -> None:
    text = work("{title: Upgrade, components: [sms], messages: {scheduled: 'From {starts}.'}}")
    config, problems = load(tmp_path, text)
    assert config is not None, problems
    announce = config.maintenance[0].announce
    assert announce is not None
    assert announce.before == (86_400, 3_600)


@pytest.mark.parametrize(
    ("announce", "id"),
    [
        ("{title: Upgrade, messages: {scheduled: 'Since {since}'}}", "broadcast/placeholder"),
        ("{title: Upgrade, messages: {completed: Done.}}", "config/missing-key"),
        ("{title: Upgrade, before: [0s], messages: {scheduled: x}}", "config/wrong-value"),
        ("{title: Upgrade, audience: affected, messages: {scheduled: x}}", "broadcast/audience"),
        ("{title: On pg-primary-1, messages: {scheduled: x}}", "broadcast/leak"),
        ("{messages: {scheduled: x}}", "config/missing-key"),
    ],
)
def test_a_mistake_of_an_announcement_is_told(tmp_path: Path, announce: str, id: str) -> None:
    config, problems = load(tmp_path, work(announce))
    assert config is None
    assert [one.id for one in problems if not one.warning] == [id]
