"""What people do in Slack: presses of our buttons, and words to the app."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import aiohttp
import msgspec

from sentinel.api import Context, Invalid, Permanent, Retryable, SentinelError, Unauthorized
from sentinel.notifiers._slack_blocks import PRESSED, escaped

# Slack shows a warning, or calls again, unless it is answered within 3 s.
_ANSWER_WITHIN = 2.0
_MOST_AT_ONCE = 50
_REMEMBERED = 1000
_LONGEST_TEXT = 500
_MENTION = re.compile(r"<@[A-Z0-9]+>")
_NOT_KEPT = "That could not be kept just now. Try again, or open the incident."

Say = Callable[[str, str, str | None], Awaitable[None]]
"""Posts a text to a channel, in a thread or not."""


class Inbox:
    """Whoever hands in a payload has made sure that Slack sent it."""

    def __init__(self, context: Context, say: Say) -> None:
        self._context = context
        self._say = say
        self._under_way: set[asyncio.Task[None]] = set()
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def take(self, payload: Mapping[str, Any]) -> None:
        """Return once it is done, or goes on by itself because Slack wants its answer now."""
        work = self._work_of(payload)
        if work is None:
            return
        if len(self._under_way) >= _MOST_AT_ONCE:
            work.close()
            self._context.log.warning("slack_inbox_full", dropped=payload.get("type"))
            return
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        await asyncio.wait((task,), timeout=_ANSWER_WITHIN)

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._context.log.error("slack_inbox_failed", exc_info=task.exception())

    def _work_of(self, payload: Mapping[str, Any]) -> Coroutine[Any, Any, None] | None:
        if payload.get("type") == "block_actions":
            return self._pressed(payload)
        if payload.get("type") == "event_callback" and self._is_new(payload.get("event_id")):
            event = payload.get("event")
            if isinstance(event, dict) and _is_for_us(event):
                return self._said(event)
        return None

    def _is_new(self, event: Any) -> bool:
        """Slack sends an event again that it thinks was not taken."""
        if not isinstance(event, str) or event in self._seen:
            return False
        self._seen[event] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return True

    async def _pressed(self, payload: Mapping[str, Any]) -> None:
        user = _mapping(payload.get("user")).get("id")
        tokens = [
            action["value"]
            for action in payload.get("actions") or ()
            if isinstance(action, dict)
            and str(action.get("action_id", "")).startswith(PRESSED)
            and isinstance(action.get("value"), str)
        ]
        if not isinstance(user, str) or not tokens:
            # A link, which Slack tells of although the browser has opened it.
            return
        answer = await self._asked(self._context.answers.chose(tokens[0], user))
        await self._answer(payload.get("response_url"), answer)

    async def _said(self, event: Mapping[str, Any]) -> None:
        text = _MENTION.sub(" ", event["text"]).strip()[:_LONGEST_TEXT]
        answer = await self._asked(self._context.answers.said(event["user"], text))
        thread = event.get("thread_ts")
        if event["type"] == "app_mention":
            thread = thread or event.get("ts")
        try:
            await self._say(event["channel"], escaped(answer), thread)
        except (Permanent, Retryable) as error:
            self._context.log.warning("slack_answer_not_sent", error=str(error))

    async def _asked(self, answer: Awaitable[str]) -> str:
        try:
            return await answer
        except (Invalid, Unauthorized) as error:
            return str(error)
        except SentinelError as error:
            self._context.log.warning("slack_answer_not_kept", error=str(error))
            return _NOT_KEPT

    async def _answer(self, url: Any, text: str) -> None:
        """Only whoever pressed sees it. The address came from Slack, with its signature."""
        if not isinstance(url, str):
            return
        body = {"response_type": "ephemeral", "replace_original": False, "text": escaped(text)}
        try:
            async with self._context.http.post(
                url,
                data=msgspec.json.encode(body),
                headers={"content-type": "application/json"},
                allow_redirects=False,
            ) as response:
                if response.status >= 400:
                    self._context.log.warning("slack_answer_not_sent", status=response.status)
        except (aiohttp.ClientError, ValueError, TimeoutError, OSError) as error:
            self._context.log.warning("slack_answer_not_sent", error=type(error).__name__)


def _is_for_us(event: Mapping[str, Any]) -> bool:
    """A direct message, or one that names the app; never one of an app, ours among them."""
    if event.get("bot_id") or event.get("subtype"):
        return False
    if not all(isinstance(event.get(key), str) for key in ("user", "text", "channel")):
        return False
    kind = event.get("type")
    return kind == "app_mention" or (kind == "message" and event.get("channel_type") == "im")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
