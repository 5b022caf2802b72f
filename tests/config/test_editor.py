"""What an editor with the YAML language server shows, asked of that server itself."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sentinel.config.write_schemas import FOLDER
from tests.config.language_server import LanguageServer

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "editor.md").read_text("utf-8")
RULE = "rules:\n  - alert: A\n    on: error\n"


def settings() -> Any:
    """Those that the page shows."""
    shown = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    return json.loads(shown[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    schemas = {
        str(FOLDER / Path(path).name): patterns
        for path, patterns in settings()["yaml.schemas"].items()
    }
    with LanguageServer(tmp_path_factory.mktemp("editor"), schemas) as server:
        yield server


@pytest.mark.parametrize(
    ("name", "line", "text", "told"),
    [
        ("key", 4, f"{RULE}    typ: any\n", "Property typ is not allowed"),
        (
            "parameter",
            6,
            f"{RULE}    type: frequency\n    num_events: 5\n    timefram: 5m\n",
            "Property timefram is not allowed",
        ),
        ("required", 2, f"{RULE}    type: frequency\n", 'Missing property "num_events"'),
        ("duration", 4, f"{RULE}    for: 5 min\n", "Expected a duration such as 30s, 5m"),
        ("field", 4, f"{RULE}    where: {{cod: X}}\n", "Property cod is not allowed"),
        ("kind", 3, "rules:\n  - alert: A\n    on: eror\n", "Valid values:"),
        (
            "eased",
            6,
            f"{RULE}    type: frequency\n    num_events: 5\n    recover_when: {{num_event: 1}}\n",
            "Property num_event is not allowed",
        ),
        (
            "part",
            3,
            "correlations:\n  - name: c\n    all: [{a: {on: change, knd: x}}, {b: {alert: A}}]\n"
            "    root_cause: a\n",
            "Property knd is not allowed",
        ),
    ],
)
def test_a_mistake_is_underlined_where_it_stands(
    server: LanguageServer, name: str, line: int, text: str, told: str
) -> None:
    [(where, words)] = server.problems(f"rules/{name}.yaml", text)
    assert (where, told in words) == (line, True), words


FREQUENT = f"{RULE}    type: frequency\n    "
OFFERED = [
    ("types", f"{RULE}    type: ", {"any", "threshold", "slo_burn"}),
    ("parameters", FREQUENT, {"num_events", "timeframe", "keep_firing_for"}),
    ("fields", f"{RULE}    where:\n      ", {"code", "level", "tenant", "any"}),
    ("values", f"{RULE}    where:\n      level: ", {"error", "fatal"}),
    ("operators", f"{RULE}    where:\n      line:\n        ", {"gt", "lte", "exists"}),
    ("shares", f"{RULE}    type: ratio\n    of:\n      where:\n        ", {"code", "level"}),
    ("steps", "escalations:\n  - name: a\n    steps:\n      - ", {"notify", "after", "by"}),
    (
        "tests",
        "tests:\n  - name: a\n    signals:\n      - at: 0s\n        metric:\n          ",
        {"name", "value"},
    ),
]


@pytest.mark.parametrize(("name", "text", "offered"), OFFERED, ids=[one[0] for one in OFFERED])
def test_what_may_follow_is_offered(
    server: LanguageServer, name: str, text: str, offered: set[str]
) -> None:
    assert offered <= server.completions(f"rules/offer-{name}.yaml", text)


def test_the_parameters_of_other_detectors_are_not_offered(server: LanguageServer) -> None:
    offered = server.completions("rules/others.yaml", FREQUENT)
    assert offered.isdisjoint({"above", "objective", "of", "terms_window"})


@pytest.mark.parametrize(
    "file",
    [*ROOT.glob("rules/*.yaml"), *ROOT.glob("catalog/*.yaml"), ROOT / "config.example.yaml"],
    ids=lambda file: file.stem,
)
def test_nothing_is_underlined_in_the_files_that_come_with_sentinel(
    server: LanguageServer, file: Path
) -> None:
    # Without its first line, which names the schema relative to the file.
    _, _, text = file.read_text("utf-8").partition("\n")
    name = "sentinel.yaml" if file.parent == ROOT else f"{file.parent.name}/{file.name}"
    assert server.problems(name, text) == []


def test_the_first_line_that_the_page_shows_names_the_schema(server: LanguageServer) -> None:
    modeline = re.search(r"^# yaml-language-server: \$schema=.*$", PAGE, re.MULTILINE)
    assert modeline is not None
    shown = re.sub(r"=.*", f"={FOLDER / 'rules.json'}", modeline[0])
    [(line, words)] = server.problems("elsewhere/a.yaml", f"{shown}\nrulez: []\n")
    assert (line, words) == (2, "Property rulez is not allowed.")
