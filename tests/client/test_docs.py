"""Every snippet of docs/client.md runs."""

import inspect
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sentinel.client
from sentinel.client import Client

PAGE = Path(__file__).resolve().parents[2] / "docs" / "client.md"
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def own_root_logger() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("own_root_logger")
@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_a_snippet_runs_and_what_it_reports_arrives(
    snippet: str, collector: Any, tmp_path: Path
) -> None:
    code = snippet.replace("http://KEY@sentinel.example:8420/shop", collector.dsn)
    code = code.replace("/var/spool/shop", str(tmp_path))
    assert collector.dsn in code
    exec(compile(code, str(PAGE), "exec"), {"__name__": "snippet"})
    sentinel.client.close(10)
    reports = len(re.findall(r"(?<!def )\breport\(|\b(?:log|logging)\.error\(", snippet))
    assert len(collector.accepted) == reports
    assert len(collector.changes) == len(re.findall(r"\bchange\(", snippet))


def test_every_option_is_in_the_table() -> None:
    options = set(inspect.signature(Client).parameters) - {"url", "clock", "pause"}
    rows = re.findall(r"^\| (`.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == options


def test_every_public_name_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    missing = [name for name in sentinel.client.__all__ if name not in text]
    assert missing == []
