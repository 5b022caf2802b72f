"""What the pages show, and what their buttons do."""

import re
from collections.abc import Callable
from html import escape
from typing import Any

from sentinel.api import Error, Status
from sentinel.model.silence import Silence
from sentinel.store import alerts, audit, deliveries, groups

from .conftest import Browser, World

Event = Callable[..., Error]
PATHS = (
    "/",
    "/errors",
    "/errors/codes",
    "/errors/1",
    "/errors/1/report",
    "/incidents",
    "/incidents/1",
    "/alerts",
    "/alerts/1",
    "/silences",
    "/silences/new",
    "/silences/new?alert=1",
    "/health",
    "/health/map",
    "/health/sentinel",
    "/on-call",
    "/deliveries",
    "/deliveries/1",
    "/inbox",
    "/settings/users",
    "/settings/tokens",
    "/settings/projects",
    "/settings/plugins",
    "/settings/audit",
)


async def test_an_empty_home_teaches_how_to_send_an_error(world: World, browser: Browser) -> None:
    await browser.sign_in()
    _, text = await browser.get("/")
    assert "Nothing has come in yet" in text
    assert "sentry_sdk.init(dsn=" in text
    assert re.search(r"sentinel send .* --dsn http://\w+@\S+/1<", text)


async def test_home_says_what_is_broken_whom_it_hurts_and_what_to_do(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event(), event("SMS_DELIVERY_FAILURE"))
    await world.accept(Status(status="degraded", component="shop", message="slow"))
    await browser.sign_in()
    _, text = await browser.get("/")
    assert "<title>Critical" in text
    assert "nobody has it yet" in text
    assert "1 tenant and 1 user affected" in text
    assert "Read the HTTP status and Twilio" in text
    assert "<code>SMS_DELIVERY_FAILURE</code>" in text
    assert "degraded" in text


async def test_every_page_opens(world: World, browser: Browser, event: Event) -> None:
    await world.accept(event(), event(None, tags={}))
    await world.accept(Status(status="down", component="shop"))  # its rule has no annotations
    await world.settle()
    await browser.sign_in()
    for path in (*PATHS, "/alerts/2", "/incidents/2"):
        assert (await browser.get(path))[0].status == 200, path


async def test_what_does_not_exist_is_404(world: World, browser: Browser) -> None:
    await browser.sign_in()
    for path in (
        "/errors/9",
        "/errors/99999999999999999999",
        "/incidents/9",
        "/alerts/9",
        "/deliveries/9",
        "/nowhere",
    ):
        assert (await browser.get(path))[0].status == 404, path


async def test_the_error_page_explains_by_the_catalog(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await world.accept(event("SMS_DELIVERY_FAILURE"))
    await browser.sign_in()
    _, text = await browser.get("/errors/2")
    assert "A cascade: TWILIO_API_FAILURE brought it about." in text
    assert '<a href="/errors/1"><code>TWILIO_API_FAILURE</code></a>' in text
    assert "TwilioRestException" in text
    assert "shop/twilio.py:22" in text
    assert "2 frames outside the application" in text


async def test_the_page_leads_from_one_event_to_the_next(
    world: World, browser: Browser, event: Event
) -> None:
    for n in range(3):
        await world.accept(event(server_name=f"web-{n}"))
    await browser.sign_in()
    _, text = await browser.get("/errors/1/events/2")
    assert '/errors/1/events/1#event">Older' in text
    assert '/errors/1/events/3#event">Newer' in text


async def test_an_event_of_another_error_is_not_shown(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event(), event("REDIS_SLOW"))
    await browser.sign_in()
    assert (await browser.get("/errors/1/events/2"))[0].status == 404


async def test_search_finds_by_text_status_project_and_code(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await world.accept(event(None, tags={}, message="the 100% discount"), project="blog")
    await browser.sign_in()
    for query, found in {
        "text=twilio": True,
        "text=100%25": False,
        "code=TWILIO_API_FAILURE": True,
        "project=blog": False,
        "status=resolved": False,
        "status=nonsense": True,
    }.items():
        _, text = await browser.get(f"/errors?{query}")
        assert ("/errors/1" in text) is found, query


async def test_the_list_pages_on_without_a_gap(world: World, browser: Browser) -> None:
    def fill(conn: Any) -> None:
        for n in range(60):
            conn.execute(
                "INSERT INTO groups (project, fingerprint, title, culprit, basis, level, status,"
                " first_seen, last_seen, count) VALUES ('shop', ?, ?, '', '', 'error', 'open',"
                " 1, 7, 1)",
                (str(n), f"error {n}"),
            )

    await world.database.write(fill)
    await browser.sign_in()
    _, first = await browser.get("/errors")
    older = first.split('<a href="/errors?before=')[1].split('"')[0]
    _, second = await browser.get(f"/errors?before={older}")
    assert first.count('data-name="Status"') == 50
    assert second.count('data-name="Status"') == 10


async def test_an_unknown_code_is_listed_and_comes_with_an_entry_to_begin_with(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event("COUPON_BROKEN"))
    await browser.sign_in()
    assert "COUPON_BROKEN" in (await browser.get("/errors/codes"))[1]
    assert "Write a catalog entry" in (await browser.get("/errors/1"))[1]


async def test_an_error_is_resolved_ignored_and_reopened(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await browser.sign_in("Alice", "admin")
    for status in ("resolved", "open", "ignored"):
        response, _ = await browser.post("/errors/1/status", status=status)
        assert response.status == 303
        group = await world.database.read(lambda conn: groups.get(conn, 1))
        assert group is not None
        assert group.status == status
    trail = await world.database.read(lambda conn: audit.entries(conn))
    assert (trail[0].actor, trail[0].action, trail[0].object) == (
        "Alice",
        "error ignored",
        "error 1",
    )


async def test_an_unknown_status_is_refused(world: World, browser: Browser, event: Event) -> None:
    await world.accept(event())
    await browser.sign_in()
    assert (await browser.post("/errors/1/status", status="regressed"))[0].status == 400


async def test_acknowledging_says_who_has_it(world: World, browser: Browser, event: Event) -> None:
    await world.accept(event())
    await browser.sign_in("Bob", "responder")
    await browser.post("/incidents/1/acknowledge")
    incident = await world.database.read(lambda conn: alerts.get_incident(conn, 1))
    assert incident is not None
    assert (incident.state, incident.acknowledged_by) == ("acknowledged", "Bob")
    assert "Bob has it" in (await browser.get("/incidents/1"))[1]


async def test_a_failed_delivery_is_sent_again(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await world.settle()
    await world.database.write(lambda conn: conn.execute("UPDATE deliveries SET state = 'failed'"))
    await browser.sign_in()
    response, _ = await browser.post("/deliveries/1/send-again")
    assert response.headers["location"].endswith("done=queued")
    await world.settle()
    sent = await world.database.read(lambda conn: deliveries.get(conn, 1))
    assert sent is not None
    assert sent.state == "sent"


async def test_a_message_is_shown_as_it_was_sent(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await world.settle()
    await browser.sign_in()
    message = await world.database.read(lambda conn: deliveries.message(conn, 1))
    assert message is not None
    _, text = await browser.get("/deliveries/1")
    assert escape(message.text.splitlines()[0]) in text


async def test_the_bell_counts_until_the_inbox_is_opened(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await world.settle()
    await browser.sign_in()
    assert "1<span" in (await browser.get("/errors"))[1]
    assert "TWILIO_API_FAILURE" in (await browser.get("/inbox"))[1]
    assert "1<span" not in (await browser.get("/errors"))[1]


async def test_the_alert_page_names_the_rules_place(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await browser.sign_in()
    _, text = await browser.get("/alerts/1")
    assert "rules.yaml:3" in text
    assert "Incident opened" in text
    main = text.partition("<main")[2]
    assert "one of &#34;critical&#34;, &#34;high&#34;" in main
    assert "opened by the rule CriticalError" in main


async def test_a_plugin_in_quarantine_is_shown_with_its_reason(
    world: World, browser: Browser
) -> None:
    await browser.sign_in()
    assert "quarantined" not in (await browser.get("/settings/plugins"))[1]
    world.held[("probe", "http")] = "shop: no answer within 5 s"
    text = (await browser.get("/settings/plugins"))[1]
    assert "quarantined" in text
    assert "shop: no answer within 5 s" in text


async def test_the_report_can_be_downloaded(world: World, browser: Browser, event: Event) -> None:
    await world.accept(event())
    await browser.sign_in()
    response, text = await browser.get("/errors/1/report?format=markdown")
    assert response.headers["content-disposition"] == 'attachment; filename="error-1.md"'
    assert text.startswith("# Debug report")
    assert (await browser.get("/errors/1/report?format=pdf"))[0].status == 404


async def test_a_new_user_gets_a_link_that_is_shown_once(world: World, browser: Browser) -> None:
    await browser.sign_in()
    _, text = await browser.post("/settings/users/add", name="Bob", role="responder")
    assert "/welcome/" in text
    assert "/welcome/" not in (await browser.get("/settings/users"))[1]
    refused, text = await browser.post("/settings/users/add", name="Bob", role="viewer")
    assert refused.status == 422
    assert "already" in text


async def test_an_api_token_is_shown_once_and_can_be_removed(
    world: World, browser: Browser
) -> None:
    await browser.sign_in()
    _, text = await browser.post("/settings/tokens/add", name="a script")
    assert "sentinel_" in text
    _, text = await browser.get("/settings/tokens")
    assert "Bearer sentinel_" not in text
    id = text.split("/settings/tokens/")[1].split("/")[0]
    await browser.post(f"/settings/tokens/{id}/remove")
    assert "a script" not in (await browser.get("/settings/tokens"))[1]


async def test_nobody_removes_the_token_of_somebody_else(world: World, browser: Browser) -> None:
    await world.token("Alice", "admin")
    await browser.sign_in("Bob", "responder")
    assert "a test" not in (await browser.get("/settings/tokens"))[1]
    id = await world.database.read(
        lambda conn: conn.execute("SELECT substr(token, 1, 12) FROM api_tokens").fetchone()[0]
    )
    assert (await browser.post(f"/settings/tokens/{id}/remove"))[0].status == 404


async def test_an_alerts_page_begins_with_the_answer_and_shows_what_it_rests_on(
    world: World, browser: Browser, event: Event
) -> None:
    await world.accept(event())
    await world.settle()
    await browser.sign_in()
    _, text = await browser.get("/alerts/1")
    for part in (
        "Alert 1 paged inbox at",
        "In the window now",
        "a signal matched within",
        "Which routes take it",
        "<b>default</b> takes it: escalation default",
        "no silence matches it".capitalize(),
        "Message written",
    ):
        assert part in text, part


async def test_a_silenced_alerts_page_says_who_silenced_it(
    world: World, browser: Browser, event: Event
) -> None:
    now = world.clock.now()
    one = Silence(
        id=0, matchers=('alertname="CriticalError"',), starts=now, ends=now + 600, author="alice"
    )
    await world.pipeline.silence(one)
    await world.accept(event())
    await browser.sign_in()
    _, text = await browser.get("/alerts/1")
    assert "Nobody was told: alice has silenced it (silence 1) until" in text
    assert ">Silence</span>" in text
    _, text = await browser.get("/incidents/1")
    assert "What happens next" in text
    assert "kept quiet" in text
