"""Whole files: what they become, and what is said of them."""

import contextlib
import re
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from sentinel.config.document import parse
from sentinel.config.loader import load_config
from sentinel.config.write_schemas import built_in_registry
from sentinel.errors import ConfigError
from sentinel.importing import Imported, import_files

GOLDEN = Path(__file__).parent / "golden"
SOURCES = ("alertmanager.yml", "node.rules.yml")


@pytest.fixture
def golden(monkeypatch: pytest.MonkeyPatch) -> Imported:
    # File names stand in comments and notes.
    monkeypatch.chdir(GOLDEN)
    return import_files([Path(name) for name in SOURCES])


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def run(**texts: str) -> Imported:
        for name, text in texts.items():
            Path(f"{name}.yml").write_text(text)
        return import_files([Path(f"{name}.yml") for name in texts])

    return run


def data_of(text: str) -> Any:
    document, problems = parse(text, "imported.yaml")
    assert document is not None
    assert problems == []
    return document.data


def told(found: Imported, outcome: str) -> list[str]:
    return [f"{n.line} {n.what}: {n.why}" for n in found.notes if n.outcome == outcome]


def rules(*rules: str, group: str = "") -> str:
    lines = "".join(f"    - {{{rule}}}\n" for rule in rules)
    return f"groups:\n  - name: g\n{group}    rules:\n{lines}"


def route(text: str = "", more: str = "") -> str:
    return f"route:\n  receiver: r\n{text}\nreceivers:\n  - name: r\n{more}"


def test_the_files_become_what_stands_beside_them(golden: Imported) -> None:
    written = {
        "rules.yaml": golden.rules,
        "sentinel.yaml": golden.main,
        "notes.txt": "".join(f"{note}\n" for note in golden.notes),
    }
    assert written == {name: (GOLDEN / name).read_text("utf-8") for name in written}


def test_what_is_written_reads_back(golden: Imported) -> None:
    sections = data_of(golden.rules)
    assert len(sections["rules"]) == 8
    assert [route["name"] for route in sections["routes"]] == ["default"]
    assert data_of(golden.main).keys() == {"channels", "people"}


def test_each_rule_is_translated_or_named(golden: Imported) -> None:
    alerts = {f"alert {rule['alert']}" for rule in data_of(golden.rules)["rules"]}
    named = {note.what for note in golden.notes if note.file == "node.rules.yml"}
    assert {"alert HostDiskFillsUp", "alert HostDiskFull"} & alerts == set()
    assert {"alert HostDiskFillsUp", "alert HostDiskFull", "record job:requests:rate5m"} <= named


def test_no_secret_is_copied(golden: Imported) -> None:
    everything = golden.rules + golden.main + "".join(map(str, golden.notes))
    assert "never-to-be-copied" not in everything
    assert "${SMTP_PASSWORD}" in golden.main


def test_the_order_of_the_files_changes_nothing(
    golden: Imported, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = import_files([Path(name) for name in reversed(SOURCES)])
    assert data_of(other.rules) == data_of(golden.rules)
    assert other.notes == golden.notes


def test_what_is_understood_whole_says_so(imported: Any) -> None:
    found = imported(a=rules("alert: A, expr: 'max(max_over_time(cpu[5m])) > 1'"))
    assert found.understood
    assert told(found, "translated") == ["4 alert A: "]


def test_an_alert_for_each_series_is_one_for_each_label_that_the_texts_name(imported: Any) -> None:
    rule = "alert: A, expr: 'cpu{job=\"x\"} > 1', annotations: {summary: '{{ $labels.disk }}'}"
    found = imported(a=rules(rule))
    assert data_of(found.rules)["rules"][0]["by"] == ["tags.disk", "tags.instance"]
    assert "add to `by`" in told(found, "approximated")[0]


def test_two_rules_of_one_name_get_names_of_their_own(imported: Any) -> None:
    rule = "alert: A, expr: cpu > %d, labels: {severity: %s}"
    pairs = ((1, "warning"), (2, "critical"), (3, "critical"), (4, "critical"))
    found = imported(a=rules(*(rule % pair for pair in pairs)))
    names = [one["alert"] for one in data_of(found.rules)["rules"]]
    assert names == ["A", "A-critical", "A-2", "A-3"]


def test_labels_of_the_group_are_labels_of_its_rules(imported: Any) -> None:
    group = "    labels: {team: a, area: b}\n"
    found = imported(a=rules("alert: A, expr: cpu > 1, labels: {team: c}", group=group))
    assert data_of(found.rules)["rules"][0]["labels"] == {"team": "c", "area": "b"}


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("alert: A, expr: cpu > 1, colour: red", "the key colour"),
        ("alert: A, expr: cpu > 1, for: soon", "found 'soon', expected a duration"),
        ("alert: A, expr: cpu > 1, labels: {alertname: B}", "the label alertname"),
        ("alert: A, expr: cpu > 1, labels: {a: '{{ $value }}'}", "the label a is a template"),
        ("alert: A, expr: cpu > 1, annotations: {a: '{{ if 1 }}'}", "the annotation a"),
        ("alert: A", "found no expression"),
        ("record: a:b, expr: cpu", "a recording rule"),
    ],
)
def test_what_is_left_out_of_a_rule_is_named(imported: Any, rule: str, named: str) -> None:
    found = imported(a=rules(rule))
    assert not found.understood
    assert named in "\n".join(told(found, "not understood"))


def test_a_doubled_key_is_named_as_one_of_the_two_is_lost(imported: Any) -> None:
    found = imported(a=rules("alert: A, expr: cpu > 1, alert: B"))
    assert "the key 'alert' again" in told(found, "not understood")[0]


def test_the_resource_of_the_operator_is_taken_too(imported: Any) -> None:
    inner = rules("alert: A, expr: cpu > 1").replace("\n", "\n  ")
    found = imported(a=f"kind: PrometheusRule\nspec:\n  {inner}")
    assert data_of(found.rules)["rules"][0]["alert"] == "A"


@pytest.mark.parametrize(
    ("matchers", "written"),
    [
        ("matchers: [a=b]", ['a="b"']),
        ("matchers: ['a = \"b\"', 'c!~\"d.*\"']", ['a="b"', 'c!~"d.*"']),
        ("matchers: ['{a=\"b,}\",c=~d}']", ['a="b,}"', 'c=~"d"']),
        ("matchers: ['a=~\"\\\\d\"']", ['a=~"\\\\d"']),
        ("matchers: a=b", ['a="b"']),
        ("match: {a: b, n: 5}", ['a="b"', 'n="5"']),
        ("match_re: {a: b.+}", ['a=~"b.+"']),
        ("matchers: [severity=page]", ['severity="critical"']),
        ("match_re: {severity: page|critical|ticket}", ['severity=~"critical|warning"']),
    ],
)
def test_every_form_of_matcher_is_read(imported: Any, matchers: str, written: list[str]) -> None:
    found = imported(a=route(f"  routes: [{{receiver: r, {matchers}}}]"))
    (child,) = data_of(found.rules)["routes"][0]["routes"]
    assert child["matchers"] == written


@pytest.mark.parametrize("text", ["[a]", "['a=b c=d {']", """['"a.b"="c"']""", "[a=~(]", "a", "5"])
def test_a_route_with_a_matcher_that_is_not_understood_is_left_out(
    imported: Any, text: str
) -> None:
    found = imported(a=route(f"  routes: [{{receiver: r, matchers: {text}}}]"))
    assert "routes" not in data_of(found.rules)["routes"][0]
    assert not found.understood


@pytest.mark.parametrize(("word", "goes_on"), [("true", True), ("yes", True), ("no", False)])
def test_the_booleans_are_those_of_alertmanager(imported: Any, word: str, goes_on: bool) -> None:
    found = imported(a=route(f"  routes: [{{receiver: r, continue: {word}}}]"))
    (child,) = data_of(found.rules)["routes"][0]["routes"]
    assert child.get("continue", False) is goes_on


def test_a_label_of_series_is_a_tag_and_a_label_of_rules_is_not(imported: Any) -> None:
    own = 'alert: A, expr: \'cpu{job="a",team="x"} > 1\', labels: {team: t}'
    text = "  routes: [{receiver: r, matchers: [job=a, team=t, other=o], group_by: [job, team]}]"
    found = imported(a=rules(own), b=route(text))
    (child,) = data_of(found.rules)["routes"][0]["routes"]
    assert child["matchers"] == ['tags.job="a"', 'team="t"', 'other="o"']
    assert child["group_by"] == ["tags.job", "team"]


def test_the_root_route_has_the_defaults_of_alertmanager(imported: Any) -> None:
    (root,) = data_of(imported(a=route()).rules)["routes"]
    assert (root["group_wait"], root["group_interval"], root["repeat_interval"]) == (
        "30s",
        "5m",
        "4h",
    )
    assert "matchers" not in root


def test_a_time_interval_without_a_place_is_in_utc(imported: Any) -> None:
    interval = "time_intervals: [{name: a b, time_intervals: [{weekdays: [sunday]}]}]\n"
    muted = "  routes: [{receiver: r, mute_time_intervals: [a b]}]"
    sections = data_of(imported(a=interval + route(muted)).rules)
    assert sections["time_intervals"] == [
        {"name": "a-b", "time_intervals": [{"weekdays": ["sunday"], "location": "UTC"}]}
    ]
    assert sections["routes"][0]["routes"][0]["mute_time_intervals"] == ["a-b"]


@pytest.mark.parametrize("span", ["{moon: full}", "{times: [{start_time: '08:00'}]}", "5"])
def test_a_time_interval_with_an_unknown_part_is_left_out(imported: Any, span: str) -> None:
    found = imported(a=f"time_intervals: [{{name: a, time_intervals: [{span}]}}]\n{route()}")
    assert "time_intervals" not in data_of(found.rules)
    assert not found.understood


@pytest.mark.parametrize(
    "rule",
    ["{source_matchers: [a=b]}", "{source_matchers: ['{'], target_matchers: [a=b]}", "5"],
)
def test_an_inhibition_that_is_not_understood_is_left_out(imported: Any, rule: str) -> None:
    found = imported(a=f"inhibit_rules: [{rule}]\n{route()}")
    assert "inhibit_rules" not in data_of(found.rules)
    assert not found.understood


def test_a_way_without_a_channel_is_a_stub_and_the_inbox_stands_in(imported: Any) -> None:
    found = imported(a=route(more="    opsgenie_configs: [{api_key: never}]"))
    assert data_of(found.rules)["escalations"][0]["steps"] == [{"notify": ["channel:inbox"]}]
    assert "#   opsgenie-r:\n#     type: opsgenie\n" in found.main
    assert "opsgenie_configs needs a channel" in told(found, "not understood")[0]


@pytest.mark.parametrize(
    ("config", "channel"),
    [
        (
            "{to: a@example.com, from: s@example.com, smarthost: 'mx:465'}",
            {"host": "mx", "port": 465, "tls": "implicit"},
        ),
        (
            "{to: a@example.com, from: s@example.com, smarthost: 'mx:25', require_tls: false}",
            {"host": "mx", "port": 25, "tls": "none"},
        ),
        (
            "{to: a@example.com, from: s@example.com, smarthost: 'mx:25', require_tls: false, "
            "auth_username: u, auth_password: p}",
            {"port": 25, "tls": "starttls", "username": "u", "password": "${SMTP_PASSWORD}"},
        ),
        ("{to: a@example.com}", {"host": "${SMTP_HOST}", "sender": "${SMTP_SENDER}"}),
    ],
)
def test_the_mail_server_becomes_a_channel(
    imported: Any, config: str, channel: dict[str, Any]
) -> None:
    found = imported(a=route(more=f"    email_configs: [{config}]"))
    written = data_of(found.main)["channels"]["email"]
    assert {key: written.get(key) for key in channel} == channel


def test_two_addresses_of_one_local_part_are_two_people(imported: Any) -> None:
    more = "    email_configs: [{to: 'alice@acme.example, alice@globex.example'}]"
    people = data_of(imported(a=route(more=more)).main)["people"]
    assert people == {
        "alice": {"email": "alice@acme.example"},
        "alice-2": {"email": "alice@globex.example"},
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\n", "the keys a, b"),
        ("- a\n", "no mapping"),
        ("a: [\n", "a syntax error"),
    ],
)
def test_a_file_of_neither_kind_is_refused(imported: Any, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        imported(a=text)


def test_two_configurations_at_once_are_refused(imported: Any) -> None:
    with pytest.raises(ConfigError, match="two configurations"):
        imported(a=route(), b=route())


PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text("utf-8")


def test_the_example_on_the_page_is_what_is_written(imported: Any) -> None:
    source, written = re.search(
        r"For example,\n\n```yaml\n(.*?)```\n\nbecomes\n\n```yaml\n(.*?)```", PAGE, re.DOTALL
    ).groups()  # type: ignore[union-attr]
    assert imported(shop=source).rules == written


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    pairs = (
        data.items() if isinstance(data, dict) else enumerate(data) if type(data) is list else ()
    )
    return found + [place for key, value in pairs for place in places(value, (*path, key))]


ORIGINALS = {name: yaml.safe_load((GOLDEN / name).read_text("utf-8")) for name in SOURCES}
ODD = st.sampled_from(
    [None, True, 5, 1.5, "", "x", "a=b", "{", "5m", [], [None], ["x"], [[]], {}, {"x": 1}, [{}]]
)


@given(st.data())
@settings(max_examples=examples(200))
def test_whatever_stands_in_a_place_the_result_reads_back(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(SOURCES))
    changed = deepcopy(ORIGINALS[name])
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from(places(changed)))
        holder = changed
        for key in path:
            holder = holder[key]
        holder[last] = deepcopy(data.draw(ODD))
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(ConfigError):
        file = Path(folder) / name
        file.write_text(yaml.safe_dump(changed), "utf-8")
        found = import_files([file, GOLDEN / next(one for one in SOURCES if one != name)])
        data_of(found.rules)
        if found.main:
            data_of(found.main)


def test_sentinel_takes_what_is_written(golden: Imported, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "imported-rules.yaml").write_text(golden.rules)
    (tmp_path / "sentinel.yaml").write_text(golden.main)
    env = {
        "SMTP_PASSWORD": "secret",
        "WEBHOOK_HOOKS_URL": "https://hooks.example.com/in",
        "WEBHOOK_HOOKS_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    }
    config, problems = load_config(tmp_path / "sentinel.yaml", built_in_registry(), env)
    assert [str(problem) for problem in problems if not problem.warning] == []
    assert config is not None
    assert len(config.rules) == 8


def test_sentinel_takes_the_rule_on_the_page(tmp_path: Path) -> None:
    rule = re.search(r"```yaml\n(rules:\n.*?)```", PAGE, re.DOTALL)
    assert rule is not None
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text(rule[1])
    (tmp_path / "sentinel.yaml").write_text("")
    _, problems = load_config(tmp_path / "sentinel.yaml", built_in_registry(), {})
    assert [str(problem) for problem in problems if not problem.warning] == []
