"""Data counts from where they are to the regression that tells of them: a web server, a database,
the probes that docs/snapshots.md shows, and health rounds."""

import re
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sentinel.api import AnySignal, Status
from sentinel.config.loader import load_config
from sentinel.config.model import Config
from sentinel.config.write_schemas import built_in_registry
from sentinel.scheduler import checked
from sentinel.testing import plugin_context
from tests.probes.conftest import Serve, http, serve  # noqa: F401

from .world import SETTLES, world

PAGE = Path(__file__).parents[2] / "docs" / "snapshots.md"
[SNIPPET] = re.findall(r"```yaml\n(probes:.*?)```", PAGE.read_text(), re.DOTALL)
registry = cache(built_in_registry)


async def look(config: Config) -> list[AnySignal]:
    """What all probes find now."""
    found: list[AnySignal] = []
    async with plugin_context() as context:
        for one in config.probes:
            plugin = registry().get("probe", one.type)
            assert plugin is not None
            probe = plugin(one.params, context)
            await probe.start()
            found += [replace(s, component=one.component) for s in checked(await probe.probe())]
            await probe.stop()
    return found


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE templates (name TEXT)")
        connection.executemany("INSERT INTO templates VALUES (?)", [("a",), ("b",)])
        connection.commit()
    return file


def configured(folder: Path, url: str, database: Path) -> Config:
    text = SNIPPET.replace("https://shop.example.com/internal/counts", url)
    main = folder / "sentinel.yaml"
    main.write_text(text.replace("/srv/shop/shop.db", str(database)))
    config, problems = load_config(main, registry(), {"SHOP_TOKEN": "secret"})
    assert [str(one) for one in problems if not one.warning] == []
    assert config is not None
    return config


def counts(companies: int) -> bytes:
    return http(b'{"counts": {"companies": %d, "contacts": 4200}}' % companies)


async def test_five_companies_that_are_gone_from_an_http_answer_are_a_regression(
    tmp_path: Path,
    serve: Serve,  # noqa: F811
    database: Path,
) -> None:
    site = await serve(counts(100))
    (tmp_path / "shop").mkdir()
    config = configured(tmp_path / "shop", site.url(), database)
    async with world(tmp_path, terms=config.snapshots) as one:
        one.health = await look(config)
        taken = await one.pass_rounds(SETTLES)
        found = {count.name: count.value for count in taken.counts}
        assert found == {"companies": 100, "contacts": 4200, "templates": 2}
        assert "Authorization: Bearer secret" in site.requests[0]
        site.answers["/"] = counts(95)
        one.health = await look(config)
        assert (await one.pass_rounds(3)).regressed
        [told] = {error.message for error in await one.regressions()}
        assert "5 companies gone (shop-counts): 100 became 95" in told


async def test_a_server_in_trouble_does_not_count_as_data_that_is_gone(
    tmp_path: Path,
    serve: Serve,  # noqa: F811
    database: Path,
) -> None:
    site = await serve(counts(100))
    (tmp_path / "shop").mkdir()
    config = configured(tmp_path / "shop", site.url(), database)
    async with world(tmp_path, terms=config.snapshots) as one:
        one.health = await look(config)
        await one.pass_rounds(SETTLES)
        site.answers["/"] = http(b'{"counts": {"companies": 0}}', status="503 Busy")
        status: Any
        status, *_ = one.health = await look(config)
        assert isinstance(status, Status)
        assert status.status == "down"
        await one.pass_rounds(3)
        [told] = {error.message for error in await one.regressions()}
        assert "shop-counts was up and is down" in told
        assert "gone" not in told
