"""The files that come with Sentinel: the example, the first rules, the schemas, the page."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from sentinel.config.document import load
from sentinel.config.loader import load_config
from sentinel.config.problem import Problem
from sentinel.config.unsupported import UNSUPPORTED
from sentinel.config.write_docs import PLUGINS, SECTIONS, insert
from sentinel.config.write_schemas import FOLDER, built_in_registry, texts

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config.example.yaml"
RULES = ROOT / "rules" / "default.yaml"
PAGE = (ROOT / "docs" / "configuration.md").read_text("utf-8")


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
    lines = [re.sub(r"^(\s*)# (?=[a-z ]+:( |$)|  |- )", r"\1", line) for line in text.split("\n")]
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


def test_the_committed_schemas_are_those_that_the_code_writes() -> None:
    for name, text in texts(built_in_registry()).items():
        assert (FOLDER / name).read_text("utf-8") == text, "run `make docs`"


@pytest.mark.parametrize(
    ("name", "file"), [("sentinel.json", EXAMPLE), ("rules.json", RULES)], ids=str
)
def test_editors_find_nothing_wrong_with_the_shipped_files(name: str, file: Path) -> None:
    document, _ = load(file)
    assert document is not None
    validator = jsonschema.Draft202012Validator(schema(name))
    # A section of comments alone is nothing, which `sentinel check` takes for left out.
    data = {key: value for key, value in document.data.items() if value is not None}
    assert list(validator.iter_errors(data)) == []


@pytest.mark.parametrize("name", ["sentinel.json", "rules.json"])
def test_the_schemas_are_valid_and_describe_every_key(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    for title, section in {name: schema(name), **schema(name)["$defs"]}.items():
        assert section.get("title") or title.startswith("test_"), title
        if not title.startswith(("where_", "test_")):
            for key, item in section.get("properties", {}).items():
                assert item.get("description"), f"{title}.{key}"


EDITED = [
    ("sentinel.json", {"channels": {"a": {"type": "email", "host": "h"}}}),
    ("sentinel.json", {"channels": {"a": {"type": "console", "ful": True}}}),
    ("sentinel.json", {"limits": {"quota": "many"}}),
    ("rules.json", {"rules": [{"alert": "A", "on": "error", "type": "frequency"}]}),
    ("rules.json", {"rules": [{"alert": "A", "on": "error", "num_events": 5}]}),
    ("rules.json", {"rules": [{"alert": "A", "on": "error", "where": {"cod": "X"}}]}),
    ("rules.json", {"rules": [{"alert": "A", "on": "error", "where": {"line": {"gt": "5"}}}]}),
]


@pytest.mark.parametrize(("name", "data"), EDITED)
def test_editors_see_mistakes_in_conditions_and_parameters(name: str, data: Any) -> None:
    assert not jsonschema.Draft202012Validator(schema(name)).is_valid(data)


ALLOWED = [
    ("sentinel.json", {"channels": {"a": {"type": "email", "host": "h", "sender": "a@b.example"}}}),
    ("sentinel.json", {"channels": {"a": {"type": "of-a-drop-in", "anything": 1}}}),
    ("sentinel.json", {"limits": {"quota": "${QUOTA}"}, "log": {"level": "${LEVEL:-info}"}}),
    ("rules.json", {"rules": [{"alert": "A", "on": "error", "timeframe": "1m"}]}),
    ("rules.json", {"rules": [{"alert": "A", "on": "metric", "where": {"tags.a": ["b"]}}]}),
    ("rules.json", {"rules": [{"alert": "A", "on": "error", "where": {"not": {"line": 5}}}]}),
]


@pytest.mark.parametrize(("name", "data"), ALLOWED)
def test_editors_let_through_what_is_right(name: str, data: Any) -> None:
    assert list(jsonschema.Draft202012Validator(schema(name)).iter_errors(data)) == []


def test_the_page_holds_the_tables_that_the_code_writes() -> None:
    assert insert(PAGE, built_in_registry()) == PAGE, "run `make docs`"


def test_the_page_names_every_key_and_every_parameter() -> None:
    registry = built_in_registry()
    records: list[Any] = list(SECTIONS.values())
    for kind in PLUGINS:
        for type in registry.types(kind):
            plugin = registry.get(kind, type)
            assert plugin is not None
            records.append(plugin.Params)
    for record in records:
        for field in msgspec.structs.fields(record):
            assert f"| `{field.encode_name}` |" in PAGE


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
