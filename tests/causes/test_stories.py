"""Causes and effects as they come, through a real pipeline: what is shown and told of them."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path

import pytest

from sentinel.api import Change, Error
from sentinel.causes import Learner, note_fix
from sentinel.cli import explained
from sentinel.config.schema import Retention
from sentinel.explanation import explain_alert
from sentinel.ingest.scrub import Scrubber
from sentinel.installation import Installation, require
from sentinel.model.alert import Incident
from sentinel.model.cause import Findings
from sentinel.model.delivery import Message
from sentinel.pages import Composer
from sentinel.reports import Reporter, reporter_of
from sentinel.store import alerts, deliveries
from sentinel.testing import FakeClock
from tests.running import START, Running

TWILIO, SMS = "TWILIO_API_FAILURE", "SMS_DELIVERY_FAILURE"
GREETING, NOTIFY = "TWILIO_GREETING_FAILURE", "NOTIFICATION_SYSTEM_FAILURE"
DAY = 86_400.0
RULES = """
rules:
  - alert: Each
    on: error
    where: {code: {exists: true}}
    timeframe: 1m
    by: [tenant, code]
    labels: {severity: critical}
routes: [{name: all, escalation: all}]
escalations: [{name: all, steps: [{notify: ["channel:inbox"]}]}]
"""


class Story(Running):
    found: Installation

    async def fail(self, code: str, tenant: str | None = "acme", service: str = "web") -> None:
        await self.send(Error(code=code, tenant=tenant, service=service, message=code, title=code))

    async def incident(self, number: int) -> Incident:
        found = await self.database.read(lambda conn: alerts.get_incident(conn, number))
        assert found is not None
        return found

    async def findings(self, number: int) -> Findings:
        incident, finder = await self.incident(number), self.found.cause_finder()
        return await self.database.read(
            lambda conn: finder.findings(conn, incident, self.clock.now())
        )

    async def says(self, code: str) -> str:
        """What is said of the alert of a code."""
        reporter = self.reporter()

        def standing(conn: sqlite3.Connection) -> str:
            alert = next(one for one in alerts.search(conn) if one.code == code)
            incident = alerts.get_incident(conn, alert.incident or 0)
            assert incident is not None
            background = reporter.background(conn, incident, self.clock.now(), alert)
            assert background.standing is not None
            return background.standing.sentence

        return await self.database.read(standing)

    async def messages(self) -> list[Message]:
        composer = Composer(self.found.config, self.found.catalog, self.found.cause_finder())
        return await self.database.read(
            lambda conn: [composer(conn, one) for one in deliveries.listing(conn)[::-1]]
        )

    async def learn(self) -> None:
        await Learner(self.database, self.clock, Retention).learn()

    def reporter(self) -> Reporter:
        return reporter_of(self.found.setup(b"key"))


@contextlib.asynccontextmanager
async def story(folder: Path) -> AsyncIterator[Story]:
    one = Story(folder, FakeClock(START), RULES)
    one.found, _ = require(folder / "sentinel.yaml", {})
    try:
        yield one
    finally:
        await one.stop()


async def test_a_cause_that_comes_after_its_effect_becomes_the_root(tmp_path: Path) -> None:
    async with story(tmp_path) as one:
        await one.fail(SMS)
        await one.pass_time(5)
        await one.fail(TWILIO)
        assert (await one.says(SMS)) == f"A cascade: {TWILIO} brought it about."
        assert (await one.says(TWILIO)) == f"The root cause: it brought about {SMS}."
        first = (await one.findings(1)).candidates[0]
        assert (first.name, first.own) == (TWILIO, True)
        assert "it began 5 s after its effect" in first.reasons


async def test_a_cause_that_comes_first_has_its_effects_across_tenants(tmp_path: Path) -> None:
    async with story(tmp_path) as one:
        await one.fail(TWILIO, "acme", "gateway")
        await one.pass_time(12)
        for code, tenant in ((SMS, "globex"), (GREETING, "acme"), (NOTIFY, None)):
            await one.fail(code, tenant, "worker")
        assert (await one.incident(1)).size == 4
        first = (await one.findings(1)).candidates[0]
        assert (first.name, first.confidence) == (TWILIO, "likely")
        assert "it began 12 s before the first of the 3 effects" in first.reasons
        incident = await one.incident(1)
        background = await one.database.read(
            lambda conn: one.reporter().background(conn, incident, one.clock.now())
        )
        assert background.standing is not None
        assert set(background.standing.services) == {"gateway", "worker"}
        assert set(background.standing.caused) == {SMS, GREETING, NOTIFY}


async def test_three_dependants_at_once_name_the_cause_that_says_nothing(tmp_path: Path) -> None:
    async with story(tmp_path) as one:
        for code, tenant in ((SMS, "acme"), (GREETING, "globex")):
            await one.fail(code, tenant)
            await one.pass_time(2)
        assert TWILIO not in {each.name for each in (await one.findings(1)).candidates}
        await one.fail(NOTIFY, None)
        await one.pass_time(40)
        first = (await one.findings(1)).candidates[0]
        assert (first.name, first.confidence, first.reported) == (TWILIO, "likely", False)
        why = "3 of its 3 dependants fail at once though it reports nothing"
        [message] = await one.messages()
        text = " ".join(message.text.split())
        assert f"Probably because of {TWILIO}" in text
        assert why in text
        for code in (SMS, GREETING, NOTIFY):
            assert (await one.says(code)).startswith(
                f"A cascade, it seems, of {TWILIO}, which reports nothing. "
                f"Probably because of {TWILIO}: {why}"
            )


async def test_each_dependant_is_explained_by_the_suspect(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with story(tmp_path) as one:
        for code in (SMS, GREETING, NOTIFY):
            await one.fail(code)
        book = one.found.setup(b"key").book
        for number in (1, 2, 3):
            found = await one.database.read(
                lambda conn, number=number: explain_alert(conn, number, book, one.clock.now())
            )
            assert found is not None
            assert f"fail at once: all of them depend on {TWILIO}" in found.joined
            explained.show(found, one.clock.now())
        assert capsys.readouterr().out.count(f"It seems to be an effect of {TWILIO}.") == 3


async def test_two_dependants_at_once_are_told_of_as_two(tmp_path: Path) -> None:
    async with story(tmp_path) as one:
        await one.fail(SMS)
        await one.fail(GREETING)
        await one.pass_time(40)
        messages = await one.messages()
        assert not any("Probably because of" in message.text for message in messages)
        assert len(messages) == 2


@pytest.mark.parametrize("codes", list(permutations((SMS, GREETING, NOTIFY))))
async def test_three_dependants_are_told_of_once_and_the_suspect_is_named(
    tmp_path: Path, codes: tuple[str, ...]
) -> None:
    async with story(tmp_path) as one:
        for code in codes:
            await one.fail(code)
            await one.pass_time(5)
        await one.pass_time(40)
        [message] = await one.messages()
        assert f"Probably because of {TWILIO}" in " ".join(message.text.split())
        assert f"Do first: Look at {TWILIO}" in " ".join(message.text.split())
        await one.fail(TWILIO)
        await one.pass_time(5)
        found = (await one.messages())[-1]
        assert "The cause was found" in " ".join(found.text.split())
        assert (await one.incident(1)).code == TWILIO


async def test_a_deploy_before_is_named_with_its_author(tmp_path: Path) -> None:
    async with story(tmp_path) as one:
        deploy = Change(
            id="d1", kind="deploy", service="web", release="1.4.2", author="bob", at=START
        )
        await one.send(deploy)
        await one.pass_time(120)
        await one.fail(SMS)
        await one.pass_time(40)
        first = (await one.findings(1)).candidates[0]
        assert (first.kind, first.name) == ("change", "deploy of web")
        assert first.reasons[-1].startswith("made by bob") or "made by bob" in first.reasons[0]
        (message,) = await one.messages()
        assert "Probably because of deploy of web (web 1.4.2): made by bob 2 min" in message.text
        assert message.payload["data"]["probable_causes"][0]["name"] == "deploy of web"


async def test_what_fixed_it_last_time_is_told_the_next_time(tmp_path: Path) -> None:
    async with story(tmp_path) as one:
        await one.fail(SMS)
        await one.pass_time(400)
        assert (await one.incident(1)).state == "resolved"
        await one.database.write(
            lambda conn: note_fix(
                conn,
                1,
                "Rotated the token, password=hunter2hunter2",
                "alice",
                one.clock.now(),
                Scrubber(key=b"key"),
            )
        )
        one.clock.advance(21 * DAY)
        await one.learn()
        await one.fail(SMS)
        await one.pass_time(40)
        found = await one.findings(2)
        assert found.fix is not None
        assert (found.fix.incident, found.fix.held) == (1, True)
        text = (await one.messages())[-1].text
        assert "Last time (3 weeks ago) this was fixed by: Rotated the token" in text
        assert "hunter2" not in text


async def test_a_fix_that_did_not_hold_is_not_told(tmp_path: Path) -> None:
    async with story(tmp_path) as one:
        await one.fail(SMS)
        await one.pass_time(400)
        await one.database.write(
            lambda conn: note_fix(
                conn, 1, "A restart", "alice", one.clock.now(), Scrubber(key=b"key")
            )
        )
        one.clock.advance(DAY)
        await one.fail(SMS)
        await one.pass_time(400)
        await one.learn()
        one.clock.advance(21 * DAY)
        await one.fail(SMS)
        await one.pass_time(40)
        assert (await one.findings(3)).fix is None
        assert "A restart" not in (await one.messages())[-1].text
