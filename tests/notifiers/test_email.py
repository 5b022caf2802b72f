"""E-mail against a real SMTP server."""

import asyncio
import email
import email.policy
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.notifiers.conftest import MailServer, StartServer

from sentinel.api import Message, Permanent, Retryable
from sentinel.model.values import to_record
from sentinel.notifiers._mail import address_of, mail_of
from sentinel.notifiers.email import Email, EmailParams
from sentinel.testing.clock import FakeClock
from sentinel.testing.notifier import context_for

MakeEmail = Callable[..., Awaitable[Email]]


@pytest.fixture
async def make(ca_file: str) -> AsyncIterator[MakeEmail]:
    made: list[Email] = []

    async def make(server: MailServer | int, **params: Any) -> Email:
        port = server if isinstance(server, int) else server.port
        defaults = {
            "host": "localhost",
            "port": port,
            "tls": "none",
            "sender": "Sentinel <sentinel@example.com>",
        }
        record = to_record(EmailParams, {**defaults, **params})
        notifier = Email(record, context_for(FakeClock()))
        await notifier.start()
        made.append(notifier)
        return notifier

    yield make
    for notifier in made:
        await notifier.stop()


def parsed(server: MailServer) -> EmailMessage:
    content = server.mails[-1].content
    assert isinstance(content, bytes)
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


async def test_a_mail_arrives_with_text_and_html(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    server = await start_server()
    receipt = await (await make(server)).send(message)
    mail = parsed(server)
    assert server.mails[0].mail_from == "sentinel@example.com"
    assert server.mails[0].rcpt_tos == ["alice@example.com"]
    assert mail["Subject"] == "[critical] SMS_DELIVERY_FAILURE · acme"
    text, html = mail.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == message.text
    assert html.get_content().strip() == message.html
    assert receipt.reference == "<ab12-7@example.com>"
    assert receipt.detail == "250 2.0.0 queued as 4711"


async def test_each_attempt_has_the_same_message_id(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    server = await start_server()
    notifier = await make(server)
    await notifier.send(message)
    await notifier.send(message)
    first, second = server.mails
    assert first.content == second.content
    assert parsed(server)["Message-ID"] == "<ab12-7@example.com>"


async def test_the_mails_of_an_incident_form_a_thread(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    server = await start_server()
    notifier = await make(server)
    await notifier.send(message)
    first = parsed(server)
    await notifier.send(replace(message, key="ab12-9", reason="resolved"))
    second = parsed(server)
    assert first["References"] == second["References"] == second["In-Reply-To"]
    assert first["Message-ID"] != second["Message-ID"]


async def test_it_says_that_a_machine_wrote_it(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    server = await start_server()
    await (await make(server)).send(message)
    mail = parsed(server)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Sentinel-Key"] == "ab12-7"
    assert mail["Importance"] == "high"


async def test_a_line_break_in_the_subject_makes_no_header(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    server = await start_server()
    hostile = replace(message, subject="oh\r\nBcc: bob@example.com", key="k\r\nX-Evil: 1")
    await (await make(server)).send(hostile)
    mail = parsed(server)
    assert mail["Subject"] == "oh Bcc: bob@example.com"
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None


@pytest.mark.parametrize(
    "to", ["", "alice", "a@b.example, c@d.example", "a@b.example\r\nRCPT TO:<c@d.example>"]
)
async def test_what_is_not_one_address_fails_for_good(
    start_server: StartServer, make: MakeEmail, message: Message, to: str
) -> None:
    server = await start_server()
    notifier = await make(server)
    with pytest.raises(Permanent, match="expected one e-mail address"):
        await notifier.send(replace(message, to=to))
    assert server.sessions == 0


async def test_a_domain_beyond_ascii_is_written_as_servers_want_it(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    server = await start_server()
    await (await make(server)).send(replace(message, to="alice@bücher.example"))
    assert server.mails[0].rcpt_tos == ["alice@xn--bcher-kva.example"]


async def test_a_user_beyond_ascii_needs_a_server_that_knows_smtputf8(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    zoe = replace(message, to="zoë@example.com")
    able, unable = await start_server(utf8=True), await start_server(utf8=False)
    await (await make(able)).send(zoe)
    assert able.mails[0].rcpt_tos == ["zoë@example.com"]
    with pytest.raises(Permanent, match="SMTPUTF8"):
        await (await make(unable)).send(zoe)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_it_signs_in_over_tls(
    start_server: StartServer, make: MakeEmail, message: Message, ca_file: str, tls: str
) -> None:
    server = await start_server(tls="starttls" if tls == "starttls" else "implicit", password="pw")
    notifier = await make(server, tls=tls, ca_file=ca_file, username="sentinel", password="pw")
    await notifier.send(message)
    assert len(server.mails) == 1


async def test_a_wrong_password_is_tried_again_and_not_shown(
    start_server: StartServer, make: MakeEmail, message: Message, ca_file: str
) -> None:
    server = await start_server(tls="starttls", password="right")
    notifier = await make(
        server, tls="starttls", ca_file=ca_file, username="sentinel", password="wr0ng"
    )
    with pytest.raises(Retryable, match="535") as caught:
        await notifier.send(message)
    assert "wr0ng" not in str(caught.value)


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    server = await start_server(tls="starttls")
    with pytest.raises(Retryable, match="certificate"):
        await (await make(server, tls="starttls")).send(message)
    assert server.mails == []


async def test_a_server_without_tls_is_not_used_when_tls_is_wanted(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    server = await start_server()
    with pytest.raises(Retryable):
        await (await make(server, tls="starttls")).send(message)
    assert server.mails == []


@pytest.mark.parametrize(
    ("command", "answer", "kind"),
    [
        ("RCPT", "550 5.1.1 no such user", Permanent),
        ("RCPT", "553 5.1.3 bad address", Permanent),
        ("MAIL", "550 5.7.1 sender refused", Permanent),
        ("DATA", "554 5.7.1 looks like spam", Permanent),
        ("RCPT", "450 4.2.0 greylisted", Retryable),
        ("RCPT", "451 4.3.0 try later", Retryable),
        ("MAIL", "421 4.3.2 shutting down", Retryable),
        ("DATA", "452 4.3.1 disk full", Retryable),
        ("RCPT", "552 5.2.2 mailbox full", Retryable),
        ("RCPT", "550 5.2.2 over quota", Retryable),
        ("RCPT", "550 5.7.1 greylisted, come back", Retryable),
        ("RCPT", "554 5.4.4 no route to host", Retryable),
    ],
)
async def test_answers_of_the_server_are_final_or_passing(
    start_server: StartServer,
    make: MakeEmail,
    message: Message,
    command: str,
    answer: str,
    kind: type[Exception],
) -> None:
    server = await start_server()
    server.answers[command] = answer
    with pytest.raises(kind, match=answer[:3]):
        await (await make(server)).send(message)


async def test_after_a_refusal_the_next_mail_goes_out(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    server = await start_server()
    notifier = await make(server, connections=1)
    server.answers["RCPT"] = "550 5.1.1 no such user"
    with pytest.raises(Permanent):
        await notifier.send(message)
    server.answers.clear()
    await notifier.send(message)
    assert len(server.mails) == 1


async def test_nobody_listening_can_be_tried_again(make: MakeEmail, message: Message) -> None:
    with pytest.raises(Retryable, match="mail server"):
        await (await make(1)).send(message)


async def test_a_burst_needs_one_connection(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    server = await start_server()
    notifier = await make(server)
    for _ in range(5):
        await notifier.send(message)
    assert (len(server.mails), server.sessions) == (5, 1)


async def test_a_connection_that_the_server_closed_meanwhile_costs_nothing(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    server = await start_server()
    notifier = await make(server)
    await notifier.send(message)
    server.hang_up()
    await notifier.send(message)
    assert (len(server.mails), server.sessions) == (2, 2)


async def test_a_cancelled_send_leaves_its_place_to_others(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    server = await start_server()
    notifier = await make(server, connections=1)
    server.answers["DATA"] = "hang"
    sending = asyncio.create_task(notifier.send(message))
    await server.hanging.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    server.answers.clear()
    await notifier.send(message)
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    "params",
    [
        {"username": "sentinel"},
        {"username": "sentinel", "password": "pw", "tls": "none", "host": "mail.example.com"},
        {"sender": "not an address"},
        {"tls": "sometimes"},
    ],
)
def test_parameters_that_can_not_work_are_refused_at_load(params: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        to_record(EmailParams, {"host": "localhost", "sender": "s@example.com", **params})


texts = st.text(st.characters(codec="utf-8"), max_size=400)


@settings(deadline=None)
@given(texts, texts, texts)
def test_any_text_arrives_as_it_was_in_lines_that_servers_take(
    subject: str, text: str, html: str
) -> None:
    message = Message(
        key="k-1", to="", reason="firing", severity="info", subject=subject, text=text, html=html
    )
    alice = address_of("Zoë <zoe@example.com>")
    data = mail_of(message, alice, alice, 1_760_000_000.0)
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 200
    assert data.replace(b"\r\n", b"").count(b"\n") == 0
    mail = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    part = mail.get_body(("plain",))
    assert part is not None
    assert unbroken(part.get_content()) == unbroken(text)
    if html:
        rich = mail.get_body(("html",))
        assert rich is not None
        assert unbroken(rich.get_content()) == unbroken(html)


def unbroken(text: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\n", text)


async def test_a_client_can_unsubscribe_by_one_click(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    url = "https://sentinel.example.com/unsubscribe/abc"
    server = await start_server()
    await (await make(server)).send(replace(message, audience="client", unsubscribe=url))
    mail = parsed(server)
    assert mail["List-Unsubscribe"] == f"<{url}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Precedence"] == "bulk"


async def test_a_page_has_nothing_to_unsubscribe(
    start_server: StartServer, make: MakeEmail, message: Message
) -> None:
    server = await start_server()
    url = "https://sentinel.example.com/unsubscribe/abc"
    await (await make(server)).send(replace(message, unsubscribe=url))
    assert parsed(server)["List-Unsubscribe"] is None


@pytest.mark.parametrize("url", ["https://a.example/\r\nBcc: x@example.com", "https://a b/", "x>"])
async def test_what_is_no_url_becomes_no_header(
    start_server: StartServer, make: MakeEmail, message: Message, url: str
) -> None:
    server = await start_server()
    await (await make(server)).send(replace(message, audience="client", unsubscribe=url))
    mail = parsed(server)
    assert mail["List-Unsubscribe"] is None
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    ("answer", "gone"),
    [
        ("550 5.1.1 no such user", True),
        ("550 5.7.1 blocked by policy", False),
        ("554 relay access denied", False),
    ],
)
async def test_only_a_mailbox_that_is_not_there_is_unreachable(
    start_server: StartServer, make: MakeEmail, message: Message, answer: str, gone: bool
) -> None:
    server = await start_server()
    server.answers["RCPT"] = answer
    notifier = await make(server)
    with pytest.raises(Permanent) as caught:
        await notifier.send(message)
    assert caught.value.unreachable is gone
