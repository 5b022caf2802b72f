"""`sentinel test`: the rules' own tests, on a virtual clock."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from sentinel.cli.app import ConfigOption, JsonOption, app, config_path, printable, show_json
from sentinel.clock import SystemClock
from sentinel.errors import Invalid

if TYPE_CHECKING:
    from sentinel.config.model import Config
    from sentinel.config.model_tests import RuleTestConfig


@app.command("test")
def rehearse(
    names: Annotated[
        list[str] | None, typer.Argument(help="Only tests with one of these texts in their name.")
    ] = None,
    config: ConfigOption = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="List rules, routes and steps that no test touches.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run the tests of the rules (`tests:` in the rules' files); exit status 1 if one fails."""
    from sentinel import installation
    from sentinel.rehearsal import Rehearsal, render_coverage, render_result

    found, _ = installation.require(config_path(config), os.environ)
    tests = _chosen(found.config, names or [])
    rehearsal = Rehearsal(found, SystemClock())
    results = []
    for test in tests:
        result = rehearsal.run(test)
        results.append(result)
        if not as_json:
            _say(render_result(result))
    failed = sum(not result.passed for result in results)
    passed = len(results) - failed
    if as_json:
        told = {"ok": not failed, "passed": passed, "failed": failed, "tests": results}
        show_json({**told, "coverage": rehearsal.coverage()} if coverage else told)
    else:
        _say(f"{passed} passed, {failed} failed")
        if coverage:
            _say(render_coverage(rehearsal.coverage()))
    if failed:
        raise typer.Exit(1)


def _chosen(config: "Config", texts: list[str]) -> "list[RuleTestConfig]":
    """Raises Invalid where there is nothing to run: that is no test passed."""
    if not config.tests:
        raise Invalid(
            f"no tests: found no `tests:` in the files of {config.rules_dir}; docs/rule-tests.md "
            "shows how to write one"
        )
    wanted = [text.lower() for text in texts]
    names = [test.name for test in config.tests]
    for text in wanted:
        if not any(text in name.lower() for name in names):
            listed = "".join(f"\n  {name}" for name in names)
            raise Invalid(f"no test has {text!r} in its name; there are:{listed}")
    return [
        test
        for test in config.tests
        if not wanted or any(text in test.name.lower() for text in wanted)
    ]


def _say(text: str) -> None:
    for line in text.split("\n"):
        typer.echo(printable(line))
