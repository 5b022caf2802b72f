"""Telegram, by a bot: one message for each incident, which changes with it, with buttons.

channels:
  telegram:
    type: telegram
    token: ${credential:telegram-bot}

With `chat` it writes there; without, to the `telegram` of a person, who has to have written to the
bot first. The bot answers `/start` with the number that belongs there.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from sentinel.api import (
    Capabilities,
    Context,
    Message,
    Notifier,
    Params,
    Permanent,
    Receipt,
    Reply,
    Request,
    Retryable,
    Secret,
    Unauthorized,
    hook,
)
from sentinel.notifiers._calling import Answer, call, refusal
from sentinel.notifiers._card import card_of, is_quiet
from sentinel.notifiers._public import is_local, uncalled
from sentinel.notifiers._telegram_inbox import Inbox
from sentinel.notifiers._telegram_text import html_of, keyboard_of, news_in_html

_CHAT = re.compile(r"-?\d{1,20}|@[A-Za-z]\w{3,40}")
_POLL = 25
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_UPDATES = ["message", "callback_query"]
_UNCHANGED = "message is not modified"
_LOST = ("message to edit not found", "message can't be edited", "MESSAGE_ID_INVALID")


class TelegramParams(Params, frozen=True):
    token: Annotated[Secret, Meta(description="The bot's token, as @BotFather gives it.")]
    chat: Annotated[
        str | None,
        Meta(description="Write to this group (`-100…`) or @channel. If not given, to people."),
    ] = None
    replies: Annotated[
        Literal["poll", "webhook", "none"],
        Meta(
            description="How presses and words come back: `poll` asks Telegram for them, `webhook` "
            "has it call `/hooks/CHANNEL`, `none` leaves them; choices are links then."
        ),
    ] = "poll"
    api_url: Annotated[
        str, Meta(description="Where the Bot API is; another one if you run your own.")
    ] = "https://api.telegram.org"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d{3,20}:[\w-]{20,100}", self.token.reveal()):
            raise ValueError(
                "token: expected a number, a colon and the rest, as @BotFather gave it"
            )
        if self.chat is not None and not _CHAT.fullmatch(self.chat):
            raise ValueError(f"chat: expected -1001234567890 or @channel, found {self.chat!r}")
        url = urlsplit(self.api_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError("api_url: expected http:// or https:// and a host")


class Telegram(Notifier[TelegramParams]):
    type = "telegram"
    summary = "Telegram by a bot: one message for each incident that changes with it, buttons."
    Params = TelegramParams
    address = "telegram"
    timeout = 20.0
    # Telegram lets a bot write 20 messages a minute to a group.
    capabilities = Capabilities(ack=True, thread=True, html=True, max_length=4096, rate=20)

    def __init__(self, params: TelegramParams, context: Context) -> None:
        super().__init__(params, context)
        self._base = f"{params.api_url.rstrip('/')}/bot{params.token.reveal()}"
        self._inbox = Inbox(context, self._asked)
        self._listening: asyncio.Task[None] | None = None
        self._offset = 0
        # Telegram sends this back with each call, so it needs no parameter of its own.
        key = params.token.reveal().encode()
        self._webhook_secret = hmac.digest(key, b"sentinel webhook", hashlib.sha256).hex()

    @classmethod
    def address_of(cls, params: Any) -> str | None:
        return None if params.chat else cls.address

    @classmethod
    def doubts(cls, params: Any, public_url: str) -> Sequence[tuple[str, str]]:
        if params.replies == "webhook":
            return uncalled("Telegram", public_url, "replies: poll")
        if params.replies == "poll" and is_local(public_url):
            # They stand in links, and Telegram drops those that lead to no name on the internet.
            found = f"public_url {public_url}, to which Telegram takes no links"
            return [(found, "a name on the internet, which the buttons need")]
        return ()

    async def start(self) -> None:
        listen = {"poll": self._poll, "webhook": self._subscribe}.get(self.params.replies)
        if listen is not None:
            self._listening = asyncio.create_task(self._kept_up(listen))

    async def stop(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def send(self, message: Message) -> Receipt:
        chat, _, first = message.previous.rpartition(":")
        if chat and first.isdigit():
            place = {"chat_id": chat, "message_id": int(first)}
            answer = await self._call("editMessageText", {**place, **self._content(message)})
            if answer.ok or _UNCHANGED in _description(answer):
                if not is_quiet(message):
                    # A change makes no sound.
                    await self._asked("sendMessage", _reply(message, chat, int(first)))
                return Receipt(reference=message.previous, detail="the first message was changed")
            if not any(lost in _description(answer) for lost in _LOST):
                raise self._refusal(answer)
        return await self._post(message)

    async def receive(self, request: Request) -> Reply:
        given = request.headers.get("x-telegram-bot-api-secret-token", "")
        expected = self._webhook_secret
        if self.params.replies != "webhook" or not hmac.compare_digest(
            given.encode(), expected.encode()
        ):
            raise Unauthorized("found a call without the secret that was agreed on with Telegram")
        try:
            update = msgspec.json.decode(request.body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Reply()
        await self._inbox.take(update)
        return Reply()

    async def _post(self, message: Message) -> Receipt:
        chat = self.params.chat or message.to
        if not _CHAT.fullmatch(chat):
            raise Permanent(f"expected a Telegram id such as 123456789, found {chat!r}")
        silent = {"disable_notification": is_quiet(message) or message.severity == "info"}
        content = self._content(message)
        result = await self._asked("sendMessage", {"chat_id": chat, **content, **silent})
        number = result.get("message_id") if isinstance(result, dict) else None
        known = isinstance(number, int)
        return Receipt(reference=f"{chat}:{number}" if known else "", detail="posted")

    def _content(self, message: Message) -> dict[str, Any]:
        content = {"text": html_of(message), **_HTML}
        if self.params.replies != "none":
            content["reply_markup"] = keyboard_of(message)
        return content

    async def _kept_up(self, listen: Callable[[], Any]) -> None:
        """However often Telegram is not there."""
        failures = 0
        while True:
            try:
                await listen()
                failures = 0
            except (Permanent, Retryable) as error:
                self.context.log.warning("telegram_not_heard", error=str(error))
                failures = min(failures + 1, 10)
                wish = getattr(error, "after", None) or 0.0
                pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**failures)
                await self.context.clock.sleep(max(pause, wish))
            else:
                if self.params.replies == "webhook":
                    return

    async def _poll(self) -> None:
        """Until something fails. What was taken is confirmed by the next call that succeeds."""
        await self._asked("deleteWebhook", {})
        while True:
            wanted = {"offset": self._offset, "timeout": _POLL, "allowed_updates": _UPDATES}
            updates = await self._asked("getUpdates", wanted, _POLL + self.timeout)
            for update in updates if isinstance(updates, list) else ():
                number = update.get("update_id") if isinstance(update, dict) else None
                if isinstance(number, int):
                    self._offset = number + 1
                    await self._inbox.take(update)

    async def _subscribe(self) -> None:
        wanted = {"secret_token": self._webhook_secret, "allowed_updates": _UPDATES}
        await self._asked("setWebhook", {"url": self.context.hook_url, **wanted})

    async def _asked(self, method: str, body: dict[str, Any], within: float | None = None) -> Any:
        answer = await self._call(method, body, within)
        if not answer.ok:
            raise self._refusal(answer)
        return answer.data.get("result")

    async def _call(self, method: str, body: dict[str, Any], within: float | None = None) -> Answer:
        url = f"{self._base}/{method}"
        return await call(self.context, "Telegram", url, body, within=within or self.timeout)

    def _refusal(self, answer: Answer) -> Permanent | Retryable:
        parameters = answer.data.get("parameters")
        parameters = parameters if isinstance(parameters, dict) else {}
        wish, moved = parameters.get("retry_after"), parameters.get("migrate_to_chat_id")
        said = _description(answer)
        if moved:
            said = f"{said}; the group has become {moved}: set `chat` to that"
        wish = float(wish) if isinstance(wish, int | float) else None
        return refusal("Telegram", answer, self.params, said=said, wish=wish)


_HTML: dict[str, Any] = {"parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}


def _reply(message: Message, chat: str, first: int) -> dict[str, Any]:
    return {
        "chat_id": chat,
        "text": news_in_html(card_of(message)),
        "reply_parameters": {"message_id": first, "allow_sending_without_reply": True},
        **_HTML,
    }


def _description(answer: Answer) -> str:
    found = answer.data.get("description")
    return found if isinstance(found, str) else ""


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(Telegram)
