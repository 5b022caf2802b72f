"""What people do in Telegram: presses of buttons, and words to the bot."""

from collections.abc import Awaitable, Callable
from typing import Any

from sentinel.api import Context, Invalid, Permanent, Retryable, SentinelError, Unauthorized
from sentinel.notifiers._memory import Memory
from sentinel.notifiers._telegram_text import token_in

Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""Calls a method of the Bot API with its parameters."""

_LONGEST_NOTICE = 200
_SHORT_NOTICE = 60
_LONGEST_TEXT = 500
_NOT_KEPT = "That could not be kept just now. Try again, or open the incident."
_TOO_OLD = "This message is too old for its buttons: use the links in it."


class Inbox:
    """Whoever hands in an update has made sure that Telegram sent it."""

    def __init__(self, context: Context, ask: Ask) -> None:
        self._context = context
        self._ask = ask
        self._seen: Memory[bool] = Memory()

    async def take(self, update: dict[str, Any]) -> None:
        """An update that is of no use is passed over, and so is one that comes again, as Telegram
        does not know of every answer that it got: nobody is to be called twice for one word."""
        number = str(update.get("update_id", ""))
        if number and self._seen.get(number):
            return
        self._seen.put(number, True)
        press, message = update.get("callback_query"), update.get("message")
        try:
            if isinstance(press, dict):
                await self._pressed(press)
            elif isinstance(message, dict):
                await self._said(message)
        except (Permanent, Retryable) as error:
            self._context.log.warning("telegram_answer_not_sent", error=str(error))
        except Exception:
            # One that can't be taken must not come again and again, nor keep the next ones.
            self._context.log.exception("telegram_inbox_failed")

    async def _pressed(self, press: dict[str, Any]) -> None:
        who, message = _id(press.get("from")), press.get("message")
        token = token_in(message if isinstance(message, dict) else {}, str(press.get("data", "")))
        answer = _TOO_OLD
        if who and token:
            answer = await self._asked(self._context.answers.chose(token, who))
        notice = {
            "callback_query_id": press.get("id"),
            "text": answer[:_LONGEST_NOTICE],
            "show_alert": len(answer) > _SHORT_NOTICE,
        }
        await self._ask("answerCallbackQuery", notice)

    async def _said(self, message: dict[str, Any]) -> None:
        chat, who, text = message.get("chat"), _id(message.get("from")), message.get("text")
        if not isinstance(chat, dict) or not who or not isinstance(text, str):
            return
        text = text[:_LONGEST_TEXT].strip()
        private = chat.get("type") == "private"
        # In a group people talk to each other; only a command is meant for the bot.
        if not private and not text.startswith("/"):
            return
        words = _words(text)
        if words == "start":
            answer = (
                f"Your id here is {who}: it belongs under `telegram:` of your person in Sentinel."
            )
        else:
            answer = await self._asked(self._context.answers.said(who, words))
        reply = {"message_id": message.get("message_id"), "allow_sending_without_reply": True}
        await self._ask(
            "sendMessage", {"chat_id": chat.get("id"), "text": answer, "reply_parameters": reply}
        )

    async def _asked(self, answer: Awaitable[str]) -> str:
        try:
            return await answer
        except (Invalid, Unauthorized) as error:
            return str(error)
        except SentinelError as error:
            self._context.log.warning("telegram_answer_not_kept", error=str(error))
            return _NOT_KEPT


def _words(text: str) -> str:
    """`/ack@sentinel_bot 7` is `ack 7`."""
    if not text.startswith("/"):
        return text
    command, _, rest = text[1:].partition(" ")
    return f"{command.partition('@')[0]} {rest}".strip()


def _id(who: Any) -> str:
    number = who.get("id") if isinstance(who, dict) else None
    return str(number) if isinstance(number, int) else ""
