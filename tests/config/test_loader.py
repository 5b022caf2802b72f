import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentinel.config.loader import load_config, plugins_dir_of
from sentinel.config.model import Config
from sentinel.model.delivery import Recipient
from sentinel.model.values import Duration
from tests.config.conftest import Load
from tests.config.toys import MailParams, ManyParams, Toys
from tests.effort import examples

Right = Callable[..., Config]

CHANNELS = """\
channels:
  mail: {type: mail, host: localhost, fallback: text}
  text: {type: text}
  printer: {type: printer, rate: 5, timeout: 3s}
people:
  alice: {email: alice@example.com, sms: +4412345}
  bob: {email: bob@example.com}
"""


def test_an_empty_file_is_a_configuration(config: Right) -> None:
    found = config("")
    assert (found.host, found.port) == ("127.0.0.1", 8420)
    assert found.public_url == "http://127.0.0.1:8420"
    assert found.retention.signals == Duration(90 * 86400)
    assert found.limits.quota is None


def test_a_section_without_entries_counts_as_left_out(config: Right) -> None:
    assert config("channels:\nprobes:\nlimits:\n", a="rules:\nroutes:\n").channels == {}


@pytest.mark.parametrize(
    ("listen", "host", "url"),
    [
        ("0.0.0.0:80", "0.0.0.0", "http://localhost:80"),
        ("'[::1]:80'", "::1", "http://[::1]:80"),
        ("'[::]:80'", "::", "http://localhost:80"),
        ("sentinel.internal:80", "sentinel.internal", "http://sentinel.internal:80"),
    ],
)
def test_the_public_url_follows_from_listen(
    listen: str, host: str, url: str, config: Right
) -> None:
    found = config(f"listen: {listen}")
    assert (found.host, found.public_url) == (host, url)


def test_a_public_url_that_is_given_loses_its_last_slash(config: Right) -> None:
    assert config("public_url: https://a.example.com/sub/").public_url.endswith("com/sub")


def test_a_channel_takes_what_it_leaves_out_from_its_plugin(config: Right) -> None:
    channels = config(CHANNELS).channels
    mail, printer = channels["mail"], channels["printer"]
    assert (mail.rate, mail.timeout, mail.address, mail.fallback) == (60.0, 45.0, "email", "text")
    assert (printer.rate, printer.timeout, printer.address) == (5, 3.0, None)
    assert mail.params == MailParams(host="localhost")


def test_how_often_a_probe_looks_again_and_how_many_look_at_once_can_be_set(config: Right) -> None:
    found = config("probes_at_once: 7\nprobes: [{name: web, type: ping, url: x, retries: 2}]")
    assert (found.probes_at_once, found.probes[0].retries) == (7, 2)
    found = config("probes: [{name: web, type: ping, url: x}]")
    assert (found.probes_at_once, found.probes[0].retries) == (50, 0)


def test_a_probe_takes_what_it_leaves_out_from_its_plugin(config: Right) -> None:
    [probe] = config("probes: [{name: web, type: ping, url: x, timeout: 2s}]").probes
    assert (probe.interval, probe.timeout, probe.component) == (20.0, 2.0, "web")


def test_a_rule_holds_its_typed_parameters_and_where_it_stands(config: Right) -> None:
    text = """\
        rules:
        - alert: A
          on: error
          where: {code: [X, Y], tags.region: eu}
          type: many
          num_events: 3
          timeframe: 5m
          by: [tenant]
          for: 1m
          labels: {severity: critical, team: shop}
          annotations: {summary: "{count} for {tenant}"}
        routes: [{name: all, escalation: e}]
        escalations: [{name: e, steps: [{notify: [printer]}]}]
    """
    [rule] = config(CHANNELS, a=text).rules
    assert (rule.name, rule.kind, rule.type, rule.by) == ("A", "error", "many", ("tenant",))
    assert isinstance(rule.params, ManyParams)
    assert rule.params.timeframe == Duration(300)
    assert rule.where == {"code": ["X", "Y"], "tags.region": "eu"}
    assert (rule.for_, rule.keep_firing_for, rule.severity) == (60.0, 0.0, "critical")
    assert rule.labels == {"severity": "critical", "team": "shop"}
    assert (rule.file, rule.line) == ("rules/a.yaml", 2)


def test_a_rule_without_a_severity_is_a_warning(config: Right) -> None:
    text = """\
        rules: [{alert: A, on: error}]
        routes: [{name: all, escalation: e}]
        escalations: [{name: e, steps: [{notify: [printer]}]}]
    """
    [rule] = config(CHANNELS, a=text).rules
    assert rule.severity == rule.labels["severity"] == "warning"
    assert rule.type == "any"


def test_a_child_route_inherits_what_it_leaves_out(config: Right) -> None:
    text = """\
        escalations:
        - {name: e, steps: [{notify: [printer]}]}
        - {name: f, steps: [{notify: [printer]}]}
        routes:
        - name: top
          escalation: e
          group_wait: 10s
          repeat_interval: 1h
          routes:
          - {name: same, matchers: [team="a"]}
          - {name: other, escalation: f, group_wait: 0s, repeat_interval: 2h, continue: true}
    """
    [top] = config(CHANNELS, a=text).routes
    same, other = top.routes
    assert (same.escalation, same.group_wait, same.repeat_interval) == ("e", 10.0, 3600.0)
    assert (other.escalation, other.group_wait, other.repeat_interval) == ("f", 0.0, 7200.0)
    assert (same.continue_, other.continue_) == (False, True)
    assert same.matchers == ('team="a"',)


def reached(config: Right, step: str, channels: str = CHANNELS) -> tuple[Recipient, ...]:
    text = f"escalations: [{{name: e, steps: [{{{step}}}]}}]\nroutes: [{{name: r, escalation: e}}]"
    return config(channels, a=text).escalations["e"].steps[0].recipients


MAIL = Recipient("mail", "alice@example.com", "alice")
TEXT = Recipient("text", "+4412345", "alice")


def test_a_fallback_channel_is_left_to_be_the_fallback(config: Right) -> None:
    assert reached(config, "notify: [alice]") == (MAIL,)


def test_a_person_is_reached_on_every_channel_that_is_no_fallback(config: Right) -> None:
    channels = CHANNELS.replace(", fallback: text", "")
    assert reached(config, "notify: [alice]", channels) == (MAIL, TEXT)


@pytest.mark.parametrize("by", ["text", "sms", "[sms]"])
def test_by_names_a_channel_or_an_address_key(by: str, config: Right) -> None:
    assert reached(config, f"notify: [person:alice], by: {by}") == (TEXT,)


def test_nobody_is_told_twice_by_one_step(config: Right) -> None:
    step = "notify: [alice, person:alice, channel:printer, printer]"
    assert reached(config, step) == (MAIL, Recipient("printer"))


def test_people_may_stand_beside_the_rules(config: Right) -> None:
    text = "people: {carol: {email: carol@example.com}}"
    assert config(CHANNELS, a=text).people["carol"].addresses == {"email": "carol@example.com"}


def test_an_email_address_needs_an_at_sign(load: Load) -> None:
    _, [problem] = load(CHANNELS, a="people: {carol: {email: carol.example.com}}")
    assert (problem.file, problem.id) == ("rules/a.yaml", "person/email")


def test_people_beside_the_rules_can_not_use_references(load: Load) -> None:
    _, [problem] = load(CHANNELS, a="people: {carol: {email: '${CAROL}'}}")
    assert (problem.file, problem.id) == ("rules/a.yaml", "reference/place")


def test_numbers_and_booleans_may_come_from_references(config: Right) -> None:
    main = """\
        limits: {quota: "${QUOTA}"}
        channels:
          mail: {type: mail, host: h, port: "${PORT}", tls: "${TLS}", password: "${PASSWORD}"}
    """
    env = {"QUOTA": "2.5", "PORT": "2525", "TLS": "false", "PASSWORD": "12345"}
    found = config(main, env)
    params = found.channels["mail"].params
    assert isinstance(params, MailParams)
    assert (found.limits.quota, params.port, params.tls) == (2.5, 2525, False)
    assert params.password is not None
    assert params.password.reveal() == "12345"


def test_a_missing_reference_is_not_also_a_wrong_value(load: Load) -> None:
    _, problems = load("channels:\n  a: {type: mail, host: x, port: '${PORT}'}")
    assert [p.id for p in problems] == ["reference/variable"]


def test_references_in_rules_files_are_left_as_they_are(config: Right) -> None:
    text = """\
        rules: [{alert: A, on: error, annotations: {summary: "costs ${HOME}"}}]
        routes: [{name: all, escalation: e}]
        escalations: [{name: e, steps: [{notify: [printer]}]}]
    """
    [rule] = config(CHANNELS, {"HOME": "x"}, a=text).rules
    assert rule.annotations == {"summary": "costs ${HOME}"}


def test_warnings_do_not_refuse_a_configuration(load: Load) -> None:
    text = """\
        rules:
        - {alert: A, on: error, labels: {team: a}, annotations: {summary: "{tenat}"}}
        routes:
        - {name: b, escalation: e, matchers: [team="b"]}
        escalations: [{name: e, steps: [{notify: [printer]}]}]
    """
    config, problems = load(CHANNELS.replace("sms: ", "smss: "), a=text)
    assert config is not None
    assert all(problem.warning for problem in problems)
    assert [(p.id, p.line) for p in problems] == [
        ("rule/no-route", 2),
        ("rule/placeholder", 2),
        ("route/never-matches", 4),
        ("person/unknown-key", 6),
    ]


ROUTES = """\
escalations: [{name: e, steps: [{notify: [printer]}]}]
routes:
- {name: team, escalation: e, matchers: [team="a"]}
- {name: all, escalation: e}
- {name: late, escalation: e}
rules:
"""


@pytest.mark.parametrize(
    ("rule", "dead"),
    [
        ("- {alert: A, on: error}", ["team", "late"]),
        ("- {alert: A, on: error, labels: {team: a}}", ["all", "late"]),
        ("- {alert: A, on: error, by: [tags.team]}", ["team", "late"]),
        ("- {alert: A, on: error, where: {tenant: acme}, by: [tenant]}", ["team", "late"]),
    ],
)
def test_a_route_that_takes_no_alert_is_warned_of(rule: str, dead: list[str], load: Load) -> None:
    _, problems = load(CHANNELS, a=ROUTES + rule)
    assert [p.path for p in problems if p.id == "route/never-matches"] == dead


def test_a_label_from_a_field_may_have_any_value(load: Load) -> None:
    rules = ROUTES.replace('team="a"', 'tenant="acme"') + "- {alert: A, on: error, by: [tenant]}"
    _, problems = load(CHANNELS, a=rules)
    assert [p.path for p in problems] == ["late"]


def test_files_are_listed_and_others_in_the_folder_are_not_read(
    config: Right, tmp_path: Path
) -> None:
    (tmp_path / "rules").mkdir()
    for name in (".#a.yaml", "notes.txt", "a.yaml~"):
        (tmp_path / "rules" / name).write_text("nonsense: [")
    found = config("", b="rules: []", a="rules: []")
    assert [str(file) for file in found.files] == ["sentinel.yaml", "rules/a.yaml", "rules/b.yaml"]


def test_folders_are_relative_to_the_main_file(tmp_path: Path) -> None:
    (tmp_path / "etc" / "r").mkdir(parents=True)
    main = tmp_path / "etc" / "sentinel.yaml"
    main.write_text("rules_dir: r\nplugins_dir: ../plugins")
    found, problems = load_config(main, Toys(), {})
    assert problems == []
    assert found is not None
    assert found.rules_dir == tmp_path / "etc" / "r"
    assert plugins_dir_of(main, {}) == tmp_path / "etc" / ".." / "plugins"


def test_the_default_folder_of_plugins_may_be_missing(tmp_path: Path) -> None:
    main = tmp_path / "sentinel.yaml"
    main.write_text("")
    assert plugins_dir_of(main, {}) is None
    (tmp_path / "plugins").mkdir()
    assert plugins_dir_of(main, {}) == tmp_path / "plugins"


def test_a_missing_main_file_is_one_problem(tmp_path: Path) -> None:
    config, problems = load_config(tmp_path / "none.yaml", Toys(), {})
    assert config is None
    assert [p.id for p in problems] == ["file/unreadable"]


KEYS = (
    *("rules", "routes", "escalations", "people", "channels", "probes", "listen", "limits", "log"),
    *("scrub", "patterns", "projects", "sample", "alert", "on", "where", "type", "by", "for"),
    *("labels", "annotations", "name", "steps", "notify", "after", "matchers", "escalation"),
    *("schedules", "layers", "every", "people", "overrides", "from", "until", "quiet", "teams"),
    *("time_intervals", "times", "inhibit_rules", "source_matchers", "maintenance", "timezone"),
    *("correlations", "root_cause", "same_as", "tests", "signals", "expect", "at", "error"),
    *("recover_when", "of", "flapping", "on_missing", "group_by", "mute_time_intervals"),
    *("severity", "any", "all", "not", "code", "level", "exists", "matches", "gt", "host", "url"),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.sampled_from(["error", "many", "mail", "ping", "5m", "10MB", "a", "${A}", "${", "(", "e"]),
    st.text(max_size=5),
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    ),
    max_leaves=25,
)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(main=DATA, rules=DATA)
def test_no_data_makes_it_raise(main: Any, rules: Any, load: Load) -> None:
    load(as_yaml(main), a=as_yaml(rules))


GOOD_MAIN: dict[str, Any] = {
    "listen": "127.0.0.1:1",
    "limits": {"quota": 5},
    "scrub": {"patterns": {"a": "b"}},
    "channels": {"p": {"type": "printer"}, "m": {"type": "mail", "host": "h", "fallback": "p"}},
    "people": {"alice": {"email": "a@b", "quiet": {"from": "22:00", "until": "07:00"}}},
    "teams": {"all": ["alice"]},
    "timezone": "Europe/London",
    "hold": "5s",
    "probes": [{"name": "w", "type": "ping", "url": "u"}],
}
GOOD_RULES: dict[str, Any] = {
    "rules": [
        {"alert": "A", "on": "error", "where": {"code": {"not": ["a"]}}, "by": ["tenant"]},
        {
            "alert": "B",
            "on": "error",
            "type": "shares",
            "above": 0.5,
            "of": {"on": "span", "where": {"op": "http"}},
            "recover_when": {"above": 0.1},
            "on_missing": "fire",
            "missing_after": "1m",
            "flapping": {"times": 0},
        },
    ],
    "routes": [
        {
            "name": "r",
            "matchers": ['a="b"'],
            "escalation": "e",
            "group_by": ["team"],
            "mute_time_intervals": ["nights"],
            "routes": [],
        }
    ],
    "escalations": [{"name": "e", "steps": [{"notify": ["alice", "p", "s"], "by": "email"}]}],
    "inhibit_rules": [{"source_matchers": ["a=b"], "target_matchers": ["c=d"], "equal": ["e"]}],
    "time_intervals": [
        {
            "name": "nights",
            "time_intervals": [
                {
                    "times": [{"start_time": "00:00", "end_time": "06:00"}],
                    "weekdays": ["monday:friday"],
                    "days_of_month": [1, "-2:-1"],
                    "months": ["may"],
                    "years": [2026],
                    "location": "UTC",
                }
            ],
        }
    ],
    "maintenance": [
        {"name": "m", "matchers": ["a=b"], "from": "2026-01-01T00:00", "until": "2026-01-02T00:00"}
    ],
    "schedules": [
        {
            "name": "s",
            "layers": [
                {"every": "1w", "handoff": "Mon 09:00", "people": ["alice"], "during": ["nights"]}
            ],
            "overrides": [
                {"from": "2026-01-01T00:00", "until": "2026-01-02T00:00", "person": "alice"}
            ],
        }
    ],
    "correlations": [
        {
            "name": "c",
            "all": [
                {"d": {"on": "change", "kind": ["deploy"]}},
                {"f": {"alert": "A", "service": {"same_as": "d.service"}}},
            ],
            "root_cause": "d",
            "within": "5m",
        }
    ],
    "tests": [
        {
            "name": "t",
            "start": "2026-01-01T00:00",
            "signals": [{"at": "0s", "every": "1s", "times": 2, "error": {"code": "a"}}],
            "acknowledge": [{"at": "1s", "alert": "A", "by": "alice"}],
            "silence": [{"at": "1s", "matchers": ["a=b"], "for": "1m"}],
            "restart": ["1s"],
            "expect": [
                {"at": "1s", "alert": "A", "state": "firing"},
                {"between": ["1s", "2s"], "delivered": {"to": "alice", "by": "email"}},
                {"until": "2s", "incident": {"root": "A", "size": 1}},
            ],
        }
    ],
}


def test_what_is_changed_below_is_right_before(load: Load) -> None:
    found, problems = load(as_yaml(GOOD_MAIN), a=as_yaml(GOOD_RULES))
    assert [problem for problem in problems if not problem.warning] == []
    assert found is not None


@settings(max_examples=examples(80), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(), value=DATA)
def test_one_wrong_value_anywhere_never_makes_it_raise(seed: int, value: Any, load: Load) -> None:
    chance = random.Random(seed)
    main, rules = changed(GOOD_MAIN, value, chance), changed(GOOD_RULES, value, chance)
    load(as_yaml(main), a=as_yaml(rules))


def changed(data: Any, value: Any, chance: random.Random) -> Any:
    """The data with the value somewhere in it."""
    if not data or not isinstance(data, dict | list) or chance.random() < 0.15:
        return value
    key = chance.choice(sorted(data) if isinstance(data, dict) else range(len(data)))
    if isinstance(data, dict):
        return {**data, key: changed(data[key], value, chance)}
    return [changed(v, value, chance) if n == key else v for n, v in enumerate(data)]


def as_yaml(data: Any) -> str:
    """JSON is YAML too."""
    return json.dumps(data, ensure_ascii=False)
