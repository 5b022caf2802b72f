"""A component that is down, and the errors of its code, are one thing that happens."""

import shutil
from pathlib import Path

import pytest

from sentinel.api import AnySignal, Error, Status
from sentinel.data import shipped
from sentinel.testing import FakeClock
from tests.running import START, Running, running

CODE = "REDIS_CONNECTION_ERROR"


@pytest.fixture
def rules(tmp_path: Path) -> str:
    """The rules that ship."""
    (tmp_path / "rules").mkdir()
    for file in shipped("rules").glob("*.yaml"):
        shutil.copy(file, tmp_path / "rules" / file.name)
    return ""


def look(status: str, code: str | None) -> AnySignal:
    return Status(
        status=status,  # type: ignore[arg-type]
        message="connection refused",
        component="cache",
        code=code if status == "down" else None,
        tags={"probe": "cache"},
    )


def failed(tenant: str) -> AnySignal:
    return Error(code=CODE, type="ConnectionError", message="Redis is gone", tenant=tenant)


async def outage(one: Running, code: str | None, errors: range) -> None:
    """Ten minutes, with a look each ten seconds, and errors in some of these."""
    for number in range(60):
        signals = [look("down", code)]
        if number in errors:
            signals += [failed("acme"), failed("globex")]
        await one.send(*signals)
        await one.pass_time(10.0)


@pytest.mark.parametrize(
    "errors", [range(60), range(1), range(30, 60)], ids=["all", "first", "late"]
)
async def test_a_component_and_the_errors_of_its_code_are_one_incident(
    tmp_path: Path, rules: str, errors: range
) -> None:
    async with running(tmp_path, FakeClock(START), rules) as one:
        await outage(one, CODE, errors)
        assert await one.rows("SELECT state FROM incidents") == [("open",)]
        pages = await one.rows("SELECT channel FROM deliveries WHERE reason = 'firing'")
        assert sorted(pages) == [("console",), ("inbox",)]


async def test_it_is_over_when_both_are(tmp_path: Path, rules: str) -> None:
    async with running(tmp_path, FakeClock(START), rules) as one:
        await outage(one, CODE, range(60))
        for _ in range(120):
            await one.send(look("up", CODE))
            await one.pass_time(10.0)
        assert await one.rows("SELECT state FROM incidents") == [("resolved",)]
        assert [reason for _, reason in await one.told()].count("resolved") == 2


async def test_without_a_code_they_are_two(tmp_path: Path, rules: str) -> None:
    async with running(tmp_path, FakeClock(START), rules) as one:
        await outage(one, None, range(60))
        assert len(await one.rows("SELECT state FROM incidents")) == 2
