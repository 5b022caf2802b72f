"""docs/rules.md says what is: its snippets load, and its tables leave nothing out."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import sentinel.config
from sentinel import installation
from sentinel.config.loader import load_config
from sentinel.config.write_schemas import built_in_registry
from sentinel.engine import engine as engine_module
from sentinel.engine import escalation, gates, paging, telling

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
SNIPPETS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
CODE = Path(sentinel.config.__file__).parent

MAIN = """\
channels:
  inbox: {type: inapp}
  email: {type: email, host: localhost, sender: a@example.com}
  ops-hook:
    type: webhook
    url: https://hooks.example.com
    secret: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=
probes:
  - {name: worker, type: http, url: http://localhost/worker}
actions:
  restart-worker: {type: command, command: [/bin/true], allow_rules: true}
"""
AROUND: dict[str, Any] = {
    "people": {"alice": {"email": "alice@example.com"}, "bob": {"email": "bob@example.com"}},
    "teams": {"leads": ["alice"]},
    "rules": [
        {"alert": "CheckoutErrors", "on": "error", "labels": {"team": "payments"}, "by": ["host"]},
        {"alert": "Shop", "on": "error", "where": {"service": "shop"}, "labels": {"team": "shop"}},
    ],
    "routes": [{"name": "all", "escalation": "platform"}],
    "escalations": [
        {"name": "platform", "steps": [{"notify": ["alice"]}]},
        {"name": "payments", "steps": [{"notify": ["bob"]}]},
    ],
    "schedules": [
        {"name": "primary", "layers": [{"every": "1w", "people": ["alice", "bob"]}]},
    ],
    "time_intervals": [
        {"name": "office-hours", "time_intervals": [{"weekdays": ["monday:friday"]}]},
        {"name": "first-sunday", "time_intervals": [{"days_of_month": ["1:7"]}]},
    ],
}
"""What the snippets refer to. What a snippet has itself is left out."""


def around(own: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, items in AROUND.items():
        if isinstance(items, dict):
            found[key] = {name: one for name, one in items.items() if name not in own.get(key, {})}
        elif key != "routes" or "routes" not in own:
            names = {one.get("name") or one.get("alert") for one in own.get(key, ())}
            found[key] = [one for one in items if (one.get("name") or one["alert"]) not in names]
    return found


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_each_snippet_loads_without_a_problem(snippet: str, tmp_path: Path) -> None:
    if snippet.startswith("where:"):
        indented = snippet.replace("\n", "\n    ")
        snippet = f"rules:\n  - alert: Example\n    on: error\n    {indented}"
    (tmp_path / "sentinel.yaml").write_text(MAIN)
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "snippet.yaml").write_text(snippet)
    (rules / "zz-around.yaml").write_text(yaml.safe_dump(around(yaml.safe_load(snippet))))
    config, problems = load_config(tmp_path / "sentinel.yaml", built_in_registry(), {})
    told = [str(one) for one in problems if "zz-around" not in one.file or not one.warning]
    # What a snippet defines is mostly used by others.
    assert [text for text in told if "/unused]" not in text] == []
    assert config is not None


def test_each_warning_is_documented_and_no_other() -> None:
    _, _, table = PAGE.partition("## Warnings")
    documented = re.findall(r"^\| `([a-z-]+/[a-z-]+)` \|", table, re.MULTILINE)
    assert documented == sorted(set(warnings()))


def warnings() -> Iterator[str]:
    """The ids that are given as warnings anywhere in the code that reads an installation."""
    for file in (*CODE.rglob("*.py"), Path(installation.__file__)):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _warns(node):
                yield from _ids(node)


def _warns(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Name) and call.func.id in ("warn", "_unused"):
        return True
    given = next((word.value for word in call.keywords if word.arg == "warning"), None)
    if isinstance(given, ast.Name) and given.id == "warning":
        # Only handed on, unless the id is chosen by it.
        return any(isinstance(argument, ast.IfExp) for argument in call.args)
    return given is not None


def _ids(call: ast.Call) -> Iterator[str]:
    if isinstance(call.func, ast.Name) and call.func.id == "_unused":
        kind = call.args[1]
        assert isinstance(kind, ast.Constant)
        assert isinstance(kind.value, str)
        yield f"{kind.value}/unused"
        return
    for argument in (*call.args, *(word.value for word in call.keywords if word.arg == "id")):
        if isinstance(argument, ast.IfExp):
            # `"some id" if warning else "some other id"`.
            argument = argument.body
        text = argument.value if isinstance(argument, ast.Constant) else ""
        if isinstance(text, str) and re.fullmatch(r"[a-z-]+/[a-z-]+", text):
            yield text


def test_each_reason_not_to_tell_somebody_is_documented() -> None:
    source = "".join(
        Path(module.__file__ or "").read_text("utf-8")
        for module in (gates, paging, escalation, telling, engine_module)
    )
    reasons = set(re.findall(r'"not_delivered",\s*"([a-z_]+)"', source))
    reasons |= set(re.findall(r'Gate\("([a-z]+)"', source))
    reasons |= set(re.findall(r'drop_held\([^")]*"([a-z]+)"\)', source))
    assert len(reasons) > 8
    assert [reason for reason in sorted(reasons) if f"`{reason}`" not in PAGE] == []
