"""Twilio as far as the channels `sms` and `voice` know it: its API, and its signed call backs."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
from aiohttp import web

from sentinel.api import Request
from sentinel.testing.provider import FakeProvider, fake_provider

ACCOUNT = "AC" + "0a" * 16
TOKEN = "t0ken-of-the-twilio-account"  # noqa: S105 - of an account that there is not
# What Twilio refuses by the number that is written to (twilio.com/docs/iam/test-credentials).
INVALID, STOPPED, NO_MOBILE = "+15005550001", "+15005550004", "+15005550009"
_REFUSED = {
    INVALID: (21211, "Invalid 'To' Phone Number: {to}"),
    STOPPED: (21610, "Attempt to send to unsubscribed recipient {to}"),
    NO_MOBILE: (21614, "'To' number {to} is not a valid mobile number"),
}


class FakeTwilio:
    """`taken` are the forms of all messages and calls that were taken, with their `Sid`, in order.
    `provider` can be told to behave badly; `will(takes)` lets it go on as before."""

    def __init__(
        self, provider: FakeProvider, account: str, token: str, key: tuple[str, str] | None
    ) -> None:
        self.provider = provider
        self.taken: list[dict[str, Any]] = []
        self._account, self._token = account, token
        self._key = key or (account, token)
        provider.will(self.takes)

    @property
    def url(self) -> str:
        return self.provider.url

    async def takes(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        """Answers as the API does."""
        kind = self._kind(request)
        if kind is None:
            return _refusal(404, 20404, "The requested resource was not found")
        if request.headers.get("authorization") != self._sign_in():
            return _refusal(401, 20003, "Authenticate")
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        if urlsplit(form.get("StatusCallback", "")).hostname == "localhost":
            return _refusal(400, 21609, "The 'StatusCallback' URL is not a valid URL.")
        missing = self._missing(kind, form)
        if missing is not None:
            return _refusal(400, *missing)
        if form["To"] in _REFUSED:
            code, text = _REFUSED[form["To"]]
            return _refusal(400, code, text.format(to=form["To"]))
        sid = ("SM" if kind == "Messages" else "CA") + secrets.token_hex(16)
        self.taken.append({**form, "Sid": sid})
        return web.json_response(
            {"sid": sid, "status": "queued", "to": form["To"], "num_segments": "1"}, status=201
        )

    async def calls_back(
        self, http: aiohttp.ClientSession, url: str, fields: Mapping[str, str]
    ) -> tuple[int, str]:
        """Call this address as Twilio does; gives the status and the text of the answer."""
        headers = {"x-twilio-signature": self.signature(url, fields)}
        async with http.post(url, data=dict(fields), headers=headers) as response:
            return response.status, await response.text()

    def request(self, url: str, fields: Mapping[str, str], *, hook_url: str) -> Request:
        """What a notifier receives of such a call."""
        split = urlsplit(url)
        return Request(
            path={"rest": url.removeprefix(hook_url).partition("?")[0].strip("/")},
            query=dict(parse_qsl(split.query)),
            headers={"x-twilio-signature": self.signature(url, fields)},
            body=urlencode(fields).encode(),
        )

    def signature(self, url: str, fields: Mapping[str, str]) -> str:
        """By twilio.com/docs/usage/security: the address, then each field's name and value."""
        text = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
        digest = hmac.new(self._token.encode(), text.encode(), hashlib.sha1).digest()
        return base64.b64encode(digest).decode()

    def _kind(self, request: web.BaseRequest) -> str | None:
        for kind in ("Messages", "Calls"):
            path = f"/2010-04-01/Accounts/{self._account}/{kind}.json"
            if request.method == "POST" and request.path == path:
                return kind
        return None

    def _sign_in(self) -> str:
        return aiohttp.encode_basic_auth(*self._key)

    def _missing(self, kind: str, form: Mapping[str, str]) -> tuple[int, str] | None:
        if "To" not in form:
            return 21604, "A 'To' phone number is required."
        if kind == "Messages" and not form.get("Body"):
            return 21602, "Message body is required."
        if kind == "Messages" and not (form.get("From") or form.get("MessagingServiceSid")):
            return 21603, "A 'From' phone number is required."
        if kind == "Calls" and not (form.get("Twiml") or form.get("Url")):
            return 21205, "Url parameter is required."
        return None


@asynccontextmanager
async def fake_twilio(
    account: str = ACCOUNT, token: str = TOKEN, key: tuple[str, str] | None = None
) -> AsyncIterator[FakeTwilio]:
    """Give its `url` to a channel as `api_url`. With a `key` it lets only that one sign in."""
    async with fake_provider() as provider:
        yield FakeTwilio(provider, account, token, key)


def _refusal(status: int, code: int, text: str) -> web.Response:
    body = {
        "code": code,
        "message": text,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")
