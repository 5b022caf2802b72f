"""`templates:` in the YAML files."""

import re
from pathlib import Path

import pytest

from sentinel.config.loader import load_config
from sentinel.config.model import Config
from sentinel.config.problem import Problem
from sentinel.config.write_schemas import built_in_registry
from sentinel.templating.preview import abouts

PAGE = (Path(__file__).parents[2] / "docs" / "templates.md").read_text("utf-8")
MAIN = """
channels:
  mail: {type: email, host: localhost, sender: a@example.com}
  desk: {type: email, host: localhost, sender: a@example.com}
  console: {type: console}
  hook: {type: webhook, url: "https://x.example/", secret: "SECRET"}
""".replace("SECRET", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
RULES = """
rules: [{alert: SmsFailing, on: error}]
routes: [{name: default, escalation: default}]
escalations: [{name: default, steps: [{notify: ["channel:console"]}]}]
"""


@pytest.fixture
def load(tmp_path: Path):  # type: ignore[no-untyped-def]
    def read(templates: str, more: str = "") -> tuple[Config | None, list[Problem]]:
        (tmp_path / "rules").mkdir(exist_ok=True)
        (tmp_path / "rules" / "rules.yaml").write_text(RULES + more)
        (tmp_path / "sentinel.yaml").write_text(MAIN + templates)
        return load_config(tmp_path / "sentinel.yaml", built_in_registry(), {})

    return read


def test_a_type_stands_for_all_channels_of_it(load) -> None:
    config, problems = load("templates: [{name: a, channel: email, subject: x}]")
    assert problems == []
    assert config.templates[0].channels == ("mail", "desk")


def test_the_main_file_comes_before_the_rules(load) -> None:
    config, problems = load(
        "templates: [{name: a, channel: mail, subject: x}]",
        "templates: [{name: b, subject: x}]",
    )
    assert problems == []
    assert [one.name for one in config.templates] == ["a", "b"]
    assert config.templates[1].channels == ("mail", "desk", "console", "hook")
    assert config.templates[0].reasons == abouts("admin")


@pytest.mark.parametrize(
    ("entry", "id", "said"),
    [
        ("{name: a}", "template/empty", "no subject, text, html or short"),
        ("{name: a, channel: emial, subject: x}", "config/unknown-name", "did you mean email?"),
        ("{name: a, reasons: [update], subject: x}", "template/reason", "audience: client"),
        ("{name: a, reasons: [fire], subject: x}", "config/wrong-value", "firing"),
        ('{name: a, subject: "{{ titel }}"}', "template/wrong", "did you mean title?"),
        ('{name: a, text: "{{ 1 // count }}"}', "template/wrong", "the sample firing-bare"),
        ('{name: a, html: "{{ title | safe }}"}', "template/wrong", "escaped by itself"),
        ('{name: a, text: "{{ title"}', "template/wrong", "a syntax error"),
        ('{name: a, subject: "{{ lead }} {{ lead }}"}', "template/long-subject", "at most 70"),
        ("{name: a, channel: hook, subject: x}", "template/no-words", "machines get the facts"),
        ("{name: a, subject: x}\n  - {name: a, text: x}", "config/duplicate-name", "again"),
        ("{name: a, subject: x}\n  - {name: b, text: x}", "template/never", "b, whose messages"),
        ("{name: a, audience: client, text: ask db-1.acme.internal}", "template/leak", "host name"),
        ("{name: a, audience: client, text: SmsFailing}", "template/leak", "internal name"),
        (
            "{name: a, audience: client, text: \"{{ title or 'web-3' }}\"}",
            "template/leak",
            "host name: web-3",
        ),
        (
            "{name: a, audience: client, html: '<a href=\"mailto:x@acme.internal\">x</a>'}",
            "template/leak",
            "e-mail address",
        ),
        (
            "{name: a, audience: client, html: '<!-- from web-3 --><p>x</p>'}",
            "template/leak",
            "host name: web-3",
        ),
        ('{name: a, audience: client, text: "{{ code }}"}', "template/wrong", "variable 'code'"),
        ("{name: a, subject: {{ title }}}", "yaml/key", "put quotes around"),
    ],
)
def test_what_is_wrong_is_told(load, entry: str, id: str, said: str) -> None:
    _, problems = load(f"templates:\n  - {entry}\n")
    found = [problem for problem in problems if problem.id == id]
    assert found
    assert said in str(found[0])


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("text", "{{ message }} {{ manage_url }} {{ unsubscribe_url }}"),
        ("text", "{% set top_line = title %}{{ top_line }}{# see api-1 #}"),
        ("text", "{% if phase == 'in_progress' %}It has begun.{% endif %}"),
        ("html", "<p id='u_text_1' class='a_b' style='color:#0b5cadff'>{{ message }}</p>"),
        ("html", "<style>.a_b { color: #0b5cadff }</style><p>{{ title }}</p>"),
    ],
)
def test_what_no_client_reads_is_no_leak(load, part: str, source: str) -> None:
    entry = f"templates:\n  - name: a\n    audience: client\n    {part}: |\n      {source}\n"
    assert load(entry)[1] == []


def test_the_line_within_a_long_text_is_told(load) -> None:
    _, (problem,) = load("templates:\n  - name: a\n    text: |\n      one\n      {{ nix }}\n")
    assert "in its line 2" in problem.found
    assert problem.line == 9


def test_the_example_of_the_page_loads(load) -> None:
    example = re.search(r"```yaml\n(templates:.*?)```", PAGE, re.DOTALL)
    assert example
    config, problems = load(example[1])
    assert problems == []
    assert [one.name for one in config.templates] == ["brief-mail", "our-words"]
