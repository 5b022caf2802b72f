"""A storm: thousands of errors that one cause brings about are one incident and one page, and
each of them is accounted for."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from sentinel.api import Error
from sentinel.books import Audit
from sentinel.data import shipped
from sentinel.testing import FakeClock
from tests.running import START, Running, running

CAUSE = "TWILIO_API_FAILURE"
EFFECTS = ("SMS_DELIVERY_FAILURE", "TWILIO_GREETING_FAILURE", "NOTIFICATION_SYSTEM_FAILURE")
SECONDS, A_SECOND = 60, 84
# The first of the errors, and the last, are effects: the cause shows itself in the middle.
CAUSE_AT = 10


def storm(second: int, *, silent: bool) -> list[Error]:
    errors = [
        Error(
            code=EFFECTS[number % len(EFFECTS)],
            level="error",
            type="Failed",
            message=f"order {second * A_SECOND + number} was not told of",
            tenant=f"tenant-{number % 3}",
            user=f"user-{number % 41}",
            environment="production",
        )
        for number in range(A_SECOND)
    ]
    if second >= CAUSE_AT and not silent:
        errors[0] = Error(code=CAUSE, level="error", message="Twilio answered 401", tenant="acme")
    return errors


@pytest.fixture
def rules(tmp_path: Path) -> str:
    """The rules that ship."""
    (tmp_path / "rules").mkdir()
    for file in shipped("rules").glob("*.yaml"):
        shutil.copy(file, tmp_path / "rules" / file.name)
    return ""


async def run_storm(one: Running, *, silent: bool) -> int:
    sent = 0
    for second in range(SECONDS):
        errors = storm(second, silent=silent)
        sent += len(errors)
        await one.send(*errors)
        await one.pass_time(1.0)
    await one.pass_time(120.0)
    return sent


@pytest.mark.parametrize("silent", [False, True])
async def test_five_thousand_errors_of_one_cause_are_one_page(
    tmp_path: Path, rules: str, *, silent: bool
) -> None:
    """Whether the cause shows itself or not."""
    async with running(tmp_path, FakeClock(START), rules) as one:
        sent = await run_storm(one, silent=silent)
        assert sent > 5_000
        told = await one.rows("SELECT channel, reason, severity FROM deliveries ORDER BY id")
        assert Counter(told) == Counter(
            {("console", "firing", "critical"): 1, ("inbox", "firing", "critical"): 1}
        )
        [(incident,)] = await one.rows("SELECT body FROM incidents WHERE state != 'resolved'")
        assert f'"{"suspect" if silent else "code"}":"{CAUSE}"'.encode() in bytes(incident)
        assert await one.rows("SELECT count(*) FROM signals") == [(sent,)]
        unmatched = await one.rows(
            "SELECT count(*) FROM signals WHERE seq NOT IN (SELECT signal FROM matches)"
        )
        assert unmatched == [(0,)]
        balance = await one.database.read(lambda conn: Audit(START - 1, one.clock.now()).run(conn))
        assert balance.imbalances == []
