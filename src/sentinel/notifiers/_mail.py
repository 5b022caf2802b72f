"""Makes a MIME mail of a message. The same message makes the same bytes but for the date.

The bytes are put together here, with the standard library's encoders: its EmailMessage takes ten
times as long, which is felt when hundreds are due at once.
"""

import hashlib
import re
from binascii import b2a_qp
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.utils import format_datetime, formataddr, getaddresses

from sentinel.api import Message, Permanent

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONGEST_ADDRESS = 320
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9._-]+")
_BREAKS = re.compile(r"\r\n|\r|\n")
_URL = re.compile(r"https?://[!-;=?-~]{1,900}")


def address_of(text: str) -> Address:
    """One mailbox, with or without a name; the domain in ASCII as mail servers want it.

    Raises Permanent for anything else, such as a list, or a header smuggled in.
    """
    found = getaddresses([text])
    try:
        if _UNSAFE.search(text) or len(text) > _LONGEST_ADDRESS or len(found) != 1:
            raise ValueError("found a list or control characters")
        name, spec = found[0]
        user, _, domain = spec.rpartition("@")
        if not domain.isascii():
            domain = domain.encode("idna").decode()
        if user.isascii():
            address = Address(name, addr_spec=f"{user}@{domain}")
        else:
            # The parser of addr_spec takes no users beyond ASCII (RFC 6531).
            address = Address(name, user, domain)
        if not address.username or not address.domain:
            raise ValueError("found no user or no domain")
    except (ValueError, IndexError, MessageError) as error:
        raise Permanent(f"expected one e-mail address such as alice@example.com: {error}") from None
    return address


def mail_of(message: Message, sender: Address, recipient: Address, now: float) -> bytes:
    """Plain text and HTML as alternatives; all mails with one `thread` belong together."""
    headers = [
        ("From", _mailbox(sender)),
        ("To", _mailbox(recipient)),
        ("Subject", _subject(message.subject)),
        ("Date", format_datetime(datetime.fromtimestamp(now, UTC))),
        ("Message-ID", message_id(message, sender)),
        *_thread(message, sender),
        ("Auto-Submitted", "auto-generated"),
        # Exchange answers with out-of-office notes in spite of Auto-Submitted.
        ("X-Auto-Response-Suppress", "All"),
        *_urgency(message),
        *_unsubscribing(message),
        ("X-Sentinel-Key", _NOT_IN_AN_ID.sub("-", message.key)),
        ("X-Sentinel-Reason", message.reason),
        ("X-Sentinel-Severity", _NOT_IN_AN_ID.sub("-", message.severity)),
        ("MIME-Version", "1.0"),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return head.encode() + _body(message)


def message_id(message: Message, sender: Address) -> str:
    """The same for every attempt, so that a mail that comes twice is shown once."""
    return f"<{_NOT_IN_AN_ID.sub('-', message.key)}@{sender.domain}>"


def needs_utf8(*addresses: Address) -> bool:
    return not all(address.addr_spec.isascii() for address in addresses)


def _mailbox(address: Address) -> str:
    if not address.addr_spec.isascii():
        return str(address)
    return formataddr((address.display_name, address.addr_spec))


def _subject(text: str) -> str:
    line = _UNSAFE.sub(" ", text).strip() or "(no subject)"
    charset = "us-ascii" if line.isascii() else "utf-8"
    return Header(line, charset, header_name="Subject").encode(linesep="\r\n")


def _thread(message: Message, sender: Address) -> list[tuple[str, str]]:
    if not message.thread:
        return []
    # A root that was never sent: whichever mail of the thread arrives first, all hang on it.
    root = f"<thread.{_digest(message.thread)}@{sender.domain}>"
    return [("In-Reply-To", root), ("References", root)]


def _urgency(message: Message) -> list[tuple[str, str]]:
    if message.severity == "critical" and message.reason == "firing":
        return [("Importance", "high"), ("X-Priority", "1")]
    return []


def _unsubscribing(message: Message) -> list[tuple[str, str]]:
    """RFC 2369, and RFC 8058 for the one click. Only messages for clients have it."""
    if message.audience != "client":
        return []
    bulk = [("Precedence", "bulk")]
    # Where it is not plainly a URL, it must not become a header.
    if not _URL.fullmatch(message.unsubscribe):
        return bulk
    return [
        ("List-Unsubscribe", f"<{message.unsubscribe}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        *bulk,
    ]


def _body(message: Message) -> bytes:
    text = _part("text/plain", message.text)
    if not message.html:
        return text
    boundary = f"=_sentinel_{_digest(message.key)}".encode()
    return b"".join(
        (
            b'Content-Type: multipart/alternative; boundary="%b"\r\n\r\n' % boundary,
            b"--%b\r\n%b\r\n" % (boundary, text),
            b"--%b\r\n%b\r\n" % (boundary, _part("text/html", message.html)),
            b"--%b--\r\n" % boundary,
        )
    )


def _part(kind: str, text: str) -> bytes:
    """Quoted-printable (RFC 2045), for servers that pass on only seven bits and short lines."""
    encoded = b2a_qp(_BREAKS.sub("\n", text).encode(errors="replace"), istext=True)
    head = f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    return head.encode() + b"\r\n" + encoded.replace(b"\n", b"\r\n")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
