"""What SMS and calls over Twilio have in common: the account, its numbers, and what is known of
its refusals."""

import asyncio
import re
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from msgspec import Meta

from sentinel.api import (
    Context,
    Invalid,
    Message,
    Notifier,
    Params,
    Permanent,
    Reply,
    Request,
    Retryable,
    Secret,
)
from sentinel.notifiers._extras import require
from sentinel.notifiers._public import uncalled

_NUMBER = re.compile(r"\+[1-9]\d{4,14}")
_FILLING = re.compile(r"[\s().\-/]+")


class TwilioParams(Params, frozen=True):
    account_sid: Annotated[
        str, Meta(description="The account's SID: `AC` and 32 hexadecimal digits.")
    ]
    auth_token: Annotated[
        Secret | None,
        Meta(
            description="The account's auth token. Call backs are signed with it, so without it "
            "there are neither receipts nor answers."
        ),
    ] = None
    api_key: Annotated[
        str | None, Meta(description="SID of an API key (`SK…`) to sign in with instead.")
    ] = None
    api_secret: Annotated[Secret | None, Meta(description="The secret of the `api_key`.")] = None
    sender: Annotated[
        str | None,
        Meta(description="The number it comes from: +441632960000."),
    ] = None
    callbacks: Annotated[
        bool,
        Meta(
            description="Whether Twilio is asked to call back; false where it can't reach "
            "`public_url`."
        ),
    ] = True
    api_url: Annotated[str, Meta(description="Twilio's API, of another region for example.")] = (
        "https://api.twilio.com"
    )

    def __post_init__(self) -> None:
        require("twilio", "twilio")
        if not re.fullmatch(r"AC[0-9a-fA-F]{32}", self.account_sid):
            raise ValueError(
                f"account_sid: expected AC and 32 hexadecimal digits, found {self.account_sid!r}"
            )
        if (self.api_key is None) != (self.api_secret is None):
            raise ValueError("api_key and api_secret go together: found only one of them")
        if self.api_key is not None and not re.fullmatch(r"SK[0-9a-fA-F]{32}", self.api_key):
            raise ValueError(
                f"api_key: expected SK and 32 hexadecimal digits, found {self.api_key!r}"
            )
        if not self.auth_token and not self.api_key:
            raise ValueError("found neither auth_token nor api_key, expected one to sign in with")
        url = urlsplit(self.api_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError(
                f"api_url: expected http:// or https:// and a host, found {url.geturl()!r}"
            )

    @property
    def called_back(self) -> bool:
        """Without the auth token nobody could tell Twilio's calls from a stranger's."""
        return self.callbacks and bool(self.auth_token)


class CallBackRefused(Permanent):
    """Twilio can't, or will not, call the address that it was given."""


T = TypeVar("T", bound=TwilioParams)


class TwilioNotifier(Notifier[T]):
    """`fields` of a call back are those of its form."""

    def __init__(self, params: T, context: Context) -> None:
        super().__init__(params, context)
        # The library is loaded in `start`, which gives this its type.
        self._account: Any = None

    @classmethod
    def doubts(cls, params: Any, public_url: str) -> Sequence[tuple[str, str]]:
        if not params.called_back:
            return ()
        instead = "callbacks: false, to do without receipts and answers"
        return uncalled("Twilio", public_url, instead)

    async def start(self) -> None:
        """Signs in only when there is something to send."""
        library = await asyncio.to_thread(import_module, "sentinel.notifiers._twilio_account")
        self._account = library.Account(self.params, self.context)

    @property
    def account(self) -> Any:
        """Raises Retryable before `start`."""
        if self._account is None:
            raise Retryable("the channel has not been started")
        return self._account

    async def created(
        self, create: Callable[..., Any], number: str, what: dict[str, Any], backs: dict[str, Any]
    ) -> Any:
        """What Twilio made of it. `backs` is what only makes sense with call backs, and goes before
        `what`; where Twilio takes none, a page without a receipt is better than no page."""
        try:
            return await self.account.asked(create(number, **{**what, **backs}), number)
        except CallBackRefused as error:
            self.context.log.warning("twilio_calls_nobody_back", error=str(error))
            return await self.account.asked(create(number, **what), number)

    async def receive(self, request: Request) -> Reply:
        fields: dict[str, str] = self.account.fields_of(request)
        return await self.called(request.path.get("rest", ""), fields)

    async def called(self, place: str, fields: dict[str, str]) -> Reply:
        """A call back that is Twilio's own, under this place of `hook_url`."""
        raise NotImplementedError

    def place(self, *parts: str) -> str:
        """The address of a call back."""
        return "/".join((self.context.hook_url, *parts))


def number_of(message: Message) -> str:
    """In the form of E.164. Raises Permanent for what is no telephone number."""
    number = _FILLING.sub("", message.to)
    if not _NUMBER.fullmatch(number):
        raise Permanent(
            "expected a number with its country, such as +44 7700 900123", unreachable=True
        )
    return number


def field(fields: dict[str, str], name: str) -> str:
    """Raises Invalid where it is missing."""
    if not fields.get(name):
        raise Invalid(f"found no {name} in the call back, expected one")
    return fields[name]
