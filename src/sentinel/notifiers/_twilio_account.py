"""An account at Twilio, through Twilio's own library. Imported when a channel starts: the library
takes a moment, and is not there in every installation."""

from collections.abc import Awaitable
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.request_validator import (
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)
from twilio.rest import Client

from sentinel.api import Context, Permanent, Request, Retryable, Unauthorized, redacted
from sentinel.notifiers._retry_after import seconds_of
from sentinel.notifiers._twilio import CallBackRefused, TwilioParams

_T = TypeVar("_T")
_MOST_OF_REPLY = 1_000_000
_SHOWN_OF_REPLY = 200
_MOST_FIELDS = 200
# twilio.com/docs/api/errors. Refused, but not for good: once it is mended, the message goes out.
# 20003 the sign-in, 20005 a suspended account, 20006 and 20008 what the key may do, 14107, 20429,
# 21611 and 30022 too much at once.
_PASSING = frozenset({14107, 20003, 20005, 20006, 20008, 20429, 21611, 30022})
_UNREACHABLE = frozenset({21211, 21217, 21610, 21614})
_NO_CALL_BACK = frozenset({21609})
_ADVICE = {
    20003: "check account_sid and auth_token, or api_key and api_secret",
    21211: "this is no telephone number",
    21217: "this is no telephone number",
    21408: "allow the country under Messaging, Settings, Geo permissions",
    21215: "allow the country under Voice, Settings, Geo permissions",
    21609: "Twilio can't call public_url: set callbacks: false, or make it public",
    21610: "the receiver answered STOP, and has to answer START",
    21614: "the number is no mobile one",
}


class Account:
    """`client` is the library's, to be used by its `…_async` methods."""

    def __init__(self, params: TwilioParams, context: Context) -> None:
        token = params.auth_token.reveal() if params.auth_token else None
        secret = params.api_secret.reveal() if params.api_secret else token
        self.client = Client(
            params.api_key or params.account_sid,
            secret,
            params.account_sid,
            http_client=_Session(params, context),
            # An empty mapping would be taken for none, and the process's environment for settings.
            environment={"TWILIO_REGION": ""},
        )
        self.client.api.base_url = params.api_url.rstrip("/")
        self._params = params
        self._hook_url = context.hook_url
        self._validator = RequestValidator(token) if token else None

    async def asked(self, call: Awaitable[_T], number: str) -> _T:
        """What the library gives. Raises Permanent or Retryable; `number` is not told."""
        try:
            return await call
        except TwilioException as error:
            raise self._verdict(error, number) from None
        except ValueError:
            # The library reads every answer as JSON; its complaint would show all of it.
            raise Retryable("Twilio answered what is no JSON: is api_url right?") from None

    def fields_of(self, request: Request) -> dict[str, str]:
        """The form of a call back. Raises Unauthorized unless Twilio signed it for this address
        (twilio.com/docs/usage/webhooks/webhooks-security)."""
        if self._validator is None:
            raise Unauthorized("found a call back, but no auth_token to check its signature with")
        signature = request.headers.get("x-twilio-signature", "")
        if not signature:
            raise Unauthorized("found no X-Twilio-Signature, expected Twilio's")
        fields = _form(request.body)
        algorithm = get_signature_algorithm(
            request.headers.get(SIGNATURE_SETTINGS_HEADER.lower(), "")
        )
        url = self._url_of(request)
        if not self._validator.validate(url, fields, signature, algorithm):
            raise Unauthorized(
                "the X-Twilio-Signature is wrong: expected one by the account's auth token for "
                f"{url.partition('?')[0]} (is that what Twilio calls, and is public_url right?)"
            )
        return fields

    def _url_of(self, request: Request) -> str:
        """As Twilio knows it; proxies may have changed what arrived."""
        rest = request.path.get("rest", "")
        url = f"{self._hook_url}/{rest}" if rest else self._hook_url
        return f"{url}?{urlencode(request.query)}" if request.query else url

    def _verdict(self, error: TwilioException, number: str) -> Permanent | Retryable:
        code = getattr(error, "code", None)
        code = code if isinstance(code, int) else 0
        said = getattr(error, "msg", "") or getattr(error, "title", "") or type(error).__name__
        said = redacted(str(said), self._params).replace(number, "the number")[:_SHOWN_OF_REPLY]
        advice = f" ({_ADVICE[code]})" if code in _ADVICE else ""
        text = f"Twilio refused it: {code} {said}{advice}"
        if code in _PASSING:
            return Retryable(text)
        if code in _NO_CALL_BACK:
            return CallBackRefused(text)
        return Permanent(text, unreachable=code in _UNREACHABLE)


class _Session(AsyncHttpClient):  # type: ignore[misc]  # the library has no types
    """The library's way to the network, through the session that is used everywhere: it keeps to
    the addresses that may be called, and can be given up in the middle."""

    def __init__(self, params: TwilioParams, context: Context) -> None:
        # The library would have it write down what is sent; nothing here does.
        super().__init__(logger=None, is_async=True)
        self._params = params
        self._context = context

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        allow_redirects: bool = False,
    ) -> Response:
        signed_in = dict(headers or {})
        if auth is not None:
            signed_in["Authorization"] = aiohttp.encode_basic_auth(*auth)
        try:
            async with self._context.http.request(
                method,
                url,
                params=params,  # type: ignore[arg-type]
                data=urlencode(data or {}, doseq=True),
                headers=signed_in,
                allow_redirects=allow_redirects,
            ) as response:
                body = await response.content.read(_MOST_OF_REPLY)
                wish = response.headers.get("retry-after", "")
        except aiohttp.InvalidURL as error:
            raise Permanent(f"Twilio's address can't be used: {error.description}") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Retryable(f"Twilio can't be reached: {type(error).__name__}") from None
        if response.status == 429 or response.status >= 500:
            after = seconds_of(wish, self._context.clock.now())
            raise Retryable(f"Twilio answered {response.status}", after=after)
        return Response(response.status, body.decode(errors="replace"), response.headers)


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise Unauthorized("found no form, expected the signed one of Twilio") from None
    return dict(pairs)
