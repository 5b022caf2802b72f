"""No secret that an application sends gets into a report, wherever in the event it stands."""

from pathlib import Path
from typing import Any

import pytest

from sentinel.api import Change, Error
from sentinel.causes import note_fix
from sentinel.ingest.scrub import Scrubber
from sentinel.intelligence.report import render_markdown, render_text
from tests.causes.stored import NOW
from tests.causes.test_stories import Story, story

SECRETS = (
    "hunter2hunter2",
    "4111 1111 1111 1111",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0",
    "OpenSesame1",
    "OpenSesame2",
    "OpenSesame3",
    "OpenSesame4",
)
PLANTED = (
    "password=hunter2hunter2 card 4111 1111 1111 1111 "
    "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0\n"
    "pg_dump --password OpenSesame1 <Password>OpenSesame2</Password> "
    "postgres://shop:OpenSesame3@db/shop and the password is OpenSesame4"
)


def planted() -> Error:
    texts = ("type", "message", "file", "function", "query", "url", "transaction", "title")
    places = ("release", "service", "component", "host", "environment")
    frame = {"filename": PLANTED, "function": PLANTED, "lineno": 2, "context_line": PLANTED}
    crumb = {"category": PLANTED, "message": PLANTED, "data": {"said": PLANTED}}
    raised = {"type": PLANTED, "value": PLANTED, "stacktrace": {"frames": [frame]}}
    values: dict[str, Any] = dict.fromkeys((*texts, *places), PLANTED)
    return Error(
        code="SMS_DELIVERY_FAILURE",
        **values,
        tags={"said": PLANTED},
        payload={
            "exception": {"values": [raised, raised]},
            "breadcrumbs": {"values": [crumb] * 3},
            "request": {"url": PLANTED, "method": "GET", "headers": [["User-Agent", PLANTED]]},
            "extra": {"said": PLANTED},
        },
    )


async def told(one: Story) -> str:
    reporter, now = one.reporter(), one.clock.now()
    group = await one.database.read(lambda conn: reporter.on_group(conn, 1, now))
    incident = await one.database.read(lambda conn: reporter.on_incident(conn, 2, now))
    assert group is not None
    assert incident is not None
    assert incident.error is not None
    assert incident.background.findings.similar[0].fix is not None
    reports = (group, incident)
    return "".join(
        write(report, 90_000) for write in (render_markdown, render_text) for report in reports
    )


@pytest.fixture
async def text(tmp_path: Path) -> str:
    async with story(tmp_path) as one:
        await one.send(planted())
        await one.pass_time(400)
        await one.database.write(
            lambda conn: note_fix(conn, 1, PLANTED, "alice", NOW, Scrubber(key=b"k"))
        )
        change = Change(
            kind="deploy", summary=PLANTED, author=PLANTED, service=PLANTED, at=one.clock.now()
        )
        await one.send(change, planted())
        return await told(one)


@pytest.mark.parametrize("secret", SECRETS)
async def test_a_planted_secret_is_in_no_report(text: str, secret: str) -> None:
    assert "What happened" in text
    assert "fixed by" in text
    assert secret not in text
