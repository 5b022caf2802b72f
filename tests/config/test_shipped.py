"""The files that come with Sentinel: the example, the first rules, the schemas, the page."""

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from sentinel.config.document import load
from sentinel.config.loader import load_config
from sentinel.config.problem import Problem
from sentinel.config.schema import Action, Channel, MainFile, Probe, Rule, RulesFile
from sentinel.config.unsupported import UNSUPPORTED
from sentinel.config.validation import schema_of
from sentinel.config.write_docs import MAIN, PAGES, PLUGINS, RULES, insert, mark, parts
from sentinel.config.write_schemas import FOLDER, built_in_registry, texts

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config.example.yaml"
FIRST_RULES = sorted((ROOT / "rules").glob("*.yaml"))
PAGE = (ROOT / "docs" / "configuration.md").read_text("utf-8")
ALL_PAGES = "".join((ROOT / "docs" / name).read_text("utf-8") for name in PAGES)


def schema(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


def test_the_example_and_the_first_rules_load_without_a_warning() -> None:
    config, problems = load_config(EXAMPLE, built_in_registry(), {})
    assert problems == []
    assert config is not None
    assert config.rules


def test_a_fresh_install_tells_the_console_and_the_inbox_alone() -> None:
    config, _ = load_config(EXAMPLE, built_in_registry(), {})
    assert config is not None
    steps = [step for one in config.escalations.values() for step in one.steps]
    assert {r.channel for step in steps for r in step.recipients} == {"console", "inbox"}


def test_what_is_commented_out_in_the_example_loads_too(tmp_path: Path) -> None:
    text = EXAMPLE.read_text("utf-8")
    # Prose is a comment that begins with a capital letter and is no key.
    lines = [re.sub(r"^(\s*)# (?=[a-z_ ]+:( |$)|  |- )", r"\1", line) for line in text.split("\n")]
    main = tmp_path / "sentinel.yaml"
    main.write_text("\n".join(lines))
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "smtp-password").write_text("secret")
    env = {
        "CREDENTIALS_DIRECTORY": str(credentials),
        "SENTINEL_WEBHOOK_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    }
    config, problems = load_config(main, built_in_registry(), env)
    assert [str(problem) for problem in problems] == []
    assert config is not None
    assert {"email", "webhook"} <= config.channels.keys()
    assert {"alice", "bob"} <= config.people.keys()
    assert [probe.name for probe in config.probes] == ["host", "shop"]


def test_making_the_schemas_changes_none_of_those_that_check() -> None:
    sections = (Action, Channel, MainFile, Probe, Rule, RulesFile)
    before = {section: deepcopy(schema_of(section)) for section in sections}
    texts(built_in_registry())
    assert {section: schema_of(section) for section in sections} == before


def test_the_committed_schemas_are_those_that_the_code_writes() -> None:
    for name, text in texts(built_in_registry()).items():
        assert (FOLDER / name).read_text("utf-8") == text, "run `make docs`"


@pytest.mark.parametrize(
    ("name", "file"),
    [("sentinel.json", EXAMPLE), *(("rules.json", file) for file in FIRST_RULES)],
    ids=str,
)
def test_editors_find_nothing_wrong_with_the_shipped_files(name: str, file: Path) -> None:
    document, _ = load(file)
    assert document is not None
    validator = jsonschema.Draft202012Validator(schema(name))
    assert list(validator.iter_errors(document.data)) == []


@pytest.mark.parametrize("name", ["sentinel.json", "rules.json"])
def test_the_schemas_are_valid_and_describe_every_key(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    for title, section in {name: schema(name), **schema(name)["$defs"]}.items():
        assert section.get("title") or title.startswith("test_"), title
        # The fields of signals are described where signals are.
        if not title.startswith(("where_", "test_", "signal_", "part_")):
            for key, item in section.get("properties", {}).items():
                assert item.get("description"), f"{title}.{key}"


FREQUENT = {"alert": "A", "on": "error", "type": "frequency", "num_events": 5}
SHARE = {"alert": "A", "on": "error", "type": "ratio", "above": 0.5}


def correlation(part: dict[str, Any]) -> dict[str, Any]:
    parts = [{"one": part}, {"other": {"on": "change"}}]
    return {"correlations": [{"name": "c", "all": parts, "root_cause": "one"}]}


def sent(signal: dict[str, Any]) -> dict[str, Any]:
    expected = [{"at": "1m", "alert": "A", "state": "firing"}]
    return {"tests": [{"name": "t", "signals": [{"at": "0s", **signal}], "expect": expected}]}


EDITED = [
    ("sentinel.json", {"channels": {"a": {"type": "email", "host": "h"}}}),
    ("sentinel.json", {"channels": {"a": {"type": "console", "ful": True}}}),
    ("sentinel.json", {"limits": {"quota": "many"}}),
    ("rules.json", {"rules": [{"alert": "A", "on": "error", "type": "frequency"}]}),
    ("rules.json", {"rules": [{"alert": "A", "on": "error", "num_events": 5}]}),
    ("rules.json", {"rules": [{"alert": "A", "on": "error", "where": {"cod": "X"}}]}),
    ("rules.json", {"rules": [{"alert": "A", "on": "error", "where": {"line": {"gt": "5"}}}]}),
    ("sentinel.json", {"people": {"alice": {"quiet": {"from": "22:00"}}}}),
    ("sentinel.json", {"people": {"alice": {"email": 5}}}),
    ("rules.json", {"rules": [FREQUENT | {"recover_when": {"num_event": 1}}]}),
    ("rules.json", {"rules": [FREQUENT | {"recover_when": {"timeframe": "1m"}}]}),
    ("rules.json", {"rules": [SHARE | {"of": {"where": {"op": "http"}}}]}),
    ("rules.json", {"rules": [SHARE | {"of": {"on": "span", "where": {"cod": "X"}}}]}),
    ("rules.json", correlation({"on": "change", "knd": "deploy"})),
    ("rules.json", correlation({"on": "status", "status": "donw"})),
    ("rules.json", correlation({"service": "shop"})),
    ("rules.json", correlation({"alert": "A", "service": {"same_as": "other"}})),
    ("rules.json", sent({"error": {"cod": "X"}})),
    ("rules.json", sent({"metric": {"name": "cpu"}})),
    ("rules.json", sent({"status": {"status": "donw"}})),
]


@pytest.mark.parametrize(("name", "data"), EDITED)
def test_editors_see_mistakes_in_conditions_and_parameters(name: str, data: Any) -> None:
    assert not jsonschema.Draft202012Validator(schema(name)).is_valid(data)


ALLOWED = [
    ("sentinel.json", {"channels": {"a": {"type": "email", "host": "h", "sender": "a@b.example"}}}),
    ("sentinel.json", {"channels": {"a": {"type": "of-a-drop-in", "anything": 1}}}),
    ("sentinel.json", {"limits": {"quota": "${QUOTA}"}, "log": {"level": "${LEVEL:-info}"}}),
    ("sentinel.json", {"limits": None, "people": None, "probes": None}),
    ("rules.json", {"rules": None, "teams": None}),
    ("rules.json", {"rules": [{"alert": "A", "on": "error", "timeframe": "1m"}]}),
    ("rules.json", {"rules": [{"alert": "A", "on": "metric", "where": {"tags.a": ["b"]}}]}),
    ("rules.json", {"rules": [{"alert": "A", "on": "error", "where": {"not": {"line": 5}}}]}),
    ("sentinel.json", {"people": {"alice": {"pager": "1", "quiet": {"from": "a", "until": "b"}}}}),
    ("rules.json", {"rules": [FREQUENT | {"recover_when": {"num_events": 1}}]}),
    ("rules.json", {"rules": [SHARE | {"of": {"where": {"code": "X"}}, "flapping": {"times": 0}}]}),
    ("rules.json", {"rules": [SHARE | {"of": {"on": "span", "where": {"op": "http"}}}]}),
    ("rules.json", correlation({"on": "change", "kind": ["deploy"], "tags.zone": "a"})),
    ("rules.json", correlation({"alert": "A", "any_label": {"same_as": "other.tags.zone"}})),
    ("rules.json", sent({"error": {"code": "X", "tags": {"a": "b"}, "tags.c": "d"}})),
]


@pytest.mark.parametrize(("name", "data"), ALLOWED)
def test_editors_let_through_what_is_right(name: str, data: Any) -> None:
    assert list(jsonschema.Draft202012Validator(schema(name)).iter_errors(data)) == []


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_hold_what_the_code_writes(name: str) -> None:
    page = (ROOT / "docs" / name).read_text("utf-8")
    assert insert(page, parts(built_in_registry())) == page, "run `make docs`"


@pytest.mark.parametrize("name", parts(built_in_registry()))
def test_each_part_that_is_written_has_its_one_place(name: str) -> None:
    assert ALL_PAGES.count(mark(name)) == 1


def test_a_mark_that_names_nothing_is_refused() -> None:
    page = f"{mark('rulez[]')}\n<!-- end -->"
    with pytest.raises(ValueError, match=r"found rulez\[\]"):
        insert(page, {"rules[]": ""})


def test_the_pages_name_every_key_and_every_parameter() -> None:
    registry = built_in_registry()
    records: list[Any] = [*MAIN.values(), *RULES.values()]
    for kind in (*PLUGINS, "detector"):
        for type in registry.types(kind):
            plugin = registry.get(kind, type)
            assert plugin is not None
            records.append(plugin.Params)
    for record in records:
        for field in msgspec.structs.fields(record):
            assert f"| `{field.encode_name}` |" in ALL_PAGES


def test_the_page_names_every_key_that_is_not_supported_yet() -> None:
    keys = {key for section in UNSUPPORTED.values() for key in section}
    assert [key for key in sorted(keys) if f"`{key}`" not in PAGE] == []


def test_the_problem_that_the_page_shows_is_told_so(tmp_path: Path) -> None:
    shown = re.search(r"\$ sentinel check.*?\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    rules = "\n\nrules:\n- alert: A\n  on: error\n  where:\n    cod: X\n"
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "payments.yaml").write_text(rules)
    (tmp_path / "sentinel.yaml").write_text("")
    _, problems = load_config(tmp_path / "sentinel.yaml", built_in_registry(), {})
    told = "\n".join(str(p).removeprefix(f"{tmp_path}/") for p in problems)
    assert told == shown[1].strip()


def test_a_problem_is_a_record_that_sorts_by_place() -> None:
    first = Problem(file="a", line=2, id="z", found="", expected="")
    assert sorted([Problem(file="a", line=10, id="a", found="", expected=""), first])[0] is first
