"""Addresses of clients, as strangers type them, in the one form in which they are kept.

The same mailbox or telephone must not be two: e-mail is in small letters with its domain as DNS
knows it (which also shows a look-alike of another alphabet as the `xn--…` that it is), a number is
in E.164.
"""

import contextlib
import ipaddress
import re
import unicodedata
from collections.abc import Callable
from typing import Literal, get_args
from urllib.parse import SplitResult, urlsplit

from sentinel.errors import Invalid
from sentinel.net import is_public

Kind = Literal["email", "sms", "webhook", "slack"]
KINDS: tuple[Kind, ...] = get_args(Kind)
KEY_OF: dict[Kind, str] = {
    "email": "email",
    "sms": "sms",
    "webhook": "webhook",
    "slack": "slack_webhook",
}
"""The address key of the channels that serve each kind."""

_LONGEST_MAIL, _LONGEST_USER, _LONGEST_URL, _LONGEST_NAME = 254, 64, 1000, 100
_ATOM = r"[^\s\x00-\x20\x7f-\x9f\"(),:;<>@\[\\\].]+"
_USER = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
_BETWEEN_DIGITS = re.compile(r"\(0\)|[\s().\-/\u2010-\u2015]")
_SLACK = ("hooks.slack.com", "hooks.slack-gov.com")
# Control, format, surrogate, private and unassigned characters; separators of lines.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def normalised(kind: str, text: str) -> str:
    """The address as it is kept and written to. Raises Invalid, saying what was expected; what was
    found is shown only as far as it is harmless to show."""
    read = _READERS.get(kind)
    if read is None:
        raise Invalid(f"expected a kind of address ({', '.join(KINDS)}), found {kind[:20]!r}")
    text = text.strip()
    if not text:
        raise Invalid(f"expected {_EXPECTED[kind]}, found nothing")
    if _has_unseen(text):
        raise Invalid(f"expected {_EXPECTED[kind]}, found characters that can't be seen")
    return read(text)


def forms_of(text: str) -> set[str]:
    """As it was typed, and as an address of each kind that it may be."""
    forms = {text.strip()}
    for kind in KINDS:
        with contextlib.suppress(Invalid):
            forms.add(normalised(kind, text))
    return forms


def clean_name(text: str) -> str:
    """A person's or a company's name on one line; Invalid for what can't be one."""
    text = unicodedata.normalize("NFC", text)
    if _has_unseen(text.replace("\t", " ")):
        raise Invalid("name: expected one line of plain text, found characters that can't be seen")
    name = " ".join(text.split())
    if len(name) > _LONGEST_NAME:
        raise Invalid(f"name: expected at most {_LONGEST_NAME} characters, found {len(name)}")
    return name


def _email(text: str) -> str:
    user, at, domain = unicodedata.normalize("NFC", text).lower().rpartition("@")
    if not at or not _USER.fullmatch(user) or len(user.encode()) > _LONGEST_USER:
        raise _wrong("email", text)
    host = _host(domain)
    if host is None or "." not in host or host.rpartition(".")[2].isdigit():
        raise _wrong("email", text)
    address = f"{user}@{host}"
    if len(address.encode()) > _LONGEST_MAIL:
        raise Invalid(f"expected an e-mail address of at most {_LONGEST_MAIL} characters")
    return address


def _sms(text: str) -> str:
    number = _BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", text))
    if number.startswith("00"):
        number = f"+{number[2:]}"
    if not _NUMBER.fullmatch(number):
        raise _wrong("sms", text)
    return number


def _webhook(text: str) -> str:
    url, host = _url("webhook", text)
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        raise Invalid("expected a public host in the URL, found a private one")
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        if "." not in host or host.rpartition(".")[2].isdigit():
            raise _wrong("webhook", text) from None
    else:
        if not is_public(address):
            raise Invalid("expected a public host in the URL, found a private address")
    port = f":{url.port}" if url.port not in (None, 443) else ""
    query = f"?{url.query}" if url.query else ""
    return f"https://{host}{port}{url.path or '/'}{query}"


def _slack(text: str) -> str:
    url, host = _url("slack", text)
    if host not in _SLACK or not url.path.startswith("/services/") or url.port not in (None, 443):
        raise _wrong("slack", text)
    return f"https://{host}{url.path}"


def _url(kind: str, text: str) -> tuple[SplitResult, str]:
    """An https URL without user, password and fragment, and its host in ASCII."""
    if len(text) > _LONGEST_URL or not text.isprintable() or re.search(r"[\s\\]", text):
        raise _wrong(kind, text)
    try:
        url = urlsplit(text)
        # Reading it is what refuses a port that is none.
        url.port  # noqa: B018
    except ValueError:
        raise _wrong(kind, text) from None
    if url.scheme != "https" or not url.hostname or "@" in url.netloc or url.fragment:
        raise _wrong(kind, text)
    if not (url.path + url.query).isascii():
        raise _wrong(kind, text)
    if ":" in url.hostname:
        return url, f"[{url.hostname}]"
    host = _host(url.hostname)
    if host is None:
        raise _wrong(kind, text)
    return url, host


def _host(text: str) -> str | None:
    """In ASCII and small letters (IDNA); None for what no host is called."""
    try:
        host = text.rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        return None
    labels = host.split(".")
    return host if len(host) <= 253 and all(map(_LABEL.fullmatch, labels)) else None


def _has_unseen(text: str) -> bool:
    return any(unicodedata.category(character) in _UNSEEN for character in text)


def _wrong(kind: str, text: str) -> Invalid:
    shown = text if len(text) <= 80 else f"{text[:79]}…"
    # Such an address is as good as a password.
    return Invalid(
        f"expected {_EXPECTED[kind]}, found another URL"
        if kind in ("webhook", "slack")
        else f"expected {_EXPECTED[kind]}, found {shown!r}"
    )


_READERS: dict[str, Callable[[str], str]] = {
    "email": _email,
    "sms": _sms,
    "webhook": _webhook,
    "slack": _slack,
}
_EXPECTED = {
    "email": "one e-mail address such as alice@example.com",
    "sms": "a telephone number with its country, such as +44 20 7946 0018",
    "webhook": "a URL that begins with https://, without a password and without #",
    "slack": "the URL of a Slack incoming webhook, https://hooks.slack.com/services/…",
}
