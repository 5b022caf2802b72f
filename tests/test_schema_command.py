"""`sentinel schema`."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sentinel.cli.app import app
from sentinel.cli.schemas import SCHEMAS
from sentinel.plugins.scaffold import write


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["schema", *arguments])


def types_of(result: Result) -> list[str]:
    schema: Any = json.loads(result.stdout)
    types: list[str] = schema["$defs"]["Rule"]["properties"]["type"]["anyOf"][0]["enum"]
    return types


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_path_that_is_printed_holds_what_is_printed(name: str) -> None:
    path = Path(run(name, "--path").stdout.strip())
    assert path.read_text("utf-8") == run(name).stdout


def test_without_a_name_all_are_listed() -> None:
    assert set(json.loads(run("--json").stdout)) == set(SCHEMAS)
    assert "rules.json" in run().stdout


def test_a_schema_that_there_is_not_is_named() -> None:
    assert "there is no schema rulez: expected rules, sentinel, catalog" in str(
        run("rulez").exception
    )


def test_the_plugins_of_an_installation_are_known_if_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "sentinel.yaml").touch()
    write("detector", "acme_row", tmp_path / "plugins")
    named = run("rules", "--config", str(tmp_path / "sentinel.yaml"))
    assert "acme_row" in types_of(named)
    assert "acme_row" not in types_of(run("rules"))


def test_the_installed_file_has_no_plugins_so_its_path_is_refused_with_a_configuration() -> None:
    assert run("rules", "--path", "--config", "sentinel.yaml").exit_code == 2
