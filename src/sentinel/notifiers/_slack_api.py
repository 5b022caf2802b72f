"""Calls of Slack's Web API by its official library, and what its errors mean for a message."""

import logging
from collections.abc import Awaitable, Mapping
from typing import Any

import aiohttp

from sentinel.api import Context, Params, Permanent, Retryable, redacted
from sentinel.notifiers._retry_after import seconds_of

# A sign-in that is mended, or an app that is installed again, lets everything out; the rest is
# trouble of Slack's own. Every other error is about this very message or its channel.
_PASSING = frozenset(
    {
        "accesslimited",
        "account_inactive",
        "ekm_access_denied",
        "fatal_error",
        "internal_error",
        "invalid_auth",
        "missing_scope",
        "not_authed",
        "org_login_required",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_access_not_granted",
        "team_added_to_org",
        "token_expired",
        "token_revoked",
    }
)
# The first message can't be changed any more: a new one takes its place.
_LOST = frozenset(
    {
        "cant_update_message",
        "channel_not_found",
        "edit_window_closed",
        "message_not_found",
        "msg_too_old",
        "thread_not_found",
        "update_failed",
    }
)
_HINTS = {
    "channel_not_found": "use the channel's id, and invite the app if the channel is private",
    "invalid_auth": "the token is not, or no longer, one of this workspace",
    "is_archived": "the channel was archived",
    "missing_scope": "add the scope to the app and install it again",
    "not_in_channel": "invite the app to the channel: /invite @APP",
}
_PASSING_STATUSES = (408, 429)


class Refused(Permanent):
    """With Slack's word for it."""

    def __init__(self, text: str, error: str) -> None:
        super().__init__(text)
        self.lost = error in _LOST


class SlackApi:
    """The library is loaded here, and not before: it is an extra."""

    def __init__(self, context: Context, params: Params, token: str, base_url: str) -> None:
        from slack_sdk.web.async_client import AsyncWebClient

        self._params = params
        self._now = context.clock.now
        self._client = AsyncWebClient(
            token=token,
            base_url=base_url,
            session=context.http,
            # Only the core tries again.
            retry_handlers=[],
            logger=logging.getLogger("sentinel.slack_sdk"),
        )
        # It reads one from the environment, which would resolve names itself, unguarded.
        self._client.proxy = None

    async def post(self, **message: Any) -> tuple[str, str]:
        """The channel's id and the time stamp, which together name the message."""
        answer = await self._called(self._client.chat_postMessage(**message))
        return str(answer.get("channel", "")), str(answer.get("ts", ""))

    async def update(self, **message: Any) -> None:
        await self._called(self._client.chat_update(**message))

    async def socket_url(self, app_token: str) -> str:
        opened = self._client.apps_connections_open(app_token=app_token)
        return str((await self._called(opened)).get("url", ""))

    async def _called(self, call: Awaitable[Any]) -> Mapping[str, Any]:
        """Raises Permanent or Retryable. Never with what led to it: the library's errors hold all
        that came back."""
        from slack_sdk.errors import SlackApiError, SlackClientError

        try:
            data = (await call).data
        except SlackApiError as error:
            raise self._verdict(error.response) from None
        except aiohttp.InvalidURL as error:
            raise Permanent(f"Slack can't be called: {error.description}") from None
        except (aiohttp.ClientError, TimeoutError, OSError, SlackClientError) as error:
            raise Retryable(f"Slack can't be reached: {type(error).__name__}") from None
        except (AttributeError, TypeError, ValueError):
            # The library stumbles over an answer that is no JSON object.
            raise Retryable("Slack gave an answer that is no JSON object") from None
        return data if isinstance(data, dict) else {}

    def _verdict(self, response: Any) -> Permanent | Retryable:
        """Slack says no with 200 and a word for it; a proxy before it with a status."""
        data = getattr(response, "data", None)
        data = data if isinstance(data, dict) else {}
        # Where the body is broken, the library hands over the response of the HTTP client.
        status: int = response.status_code if hasattr(response, "data") else response.status
        error = str(data.get("error", ""))
        wish = seconds_of(response.headers.get("Retry-After", ""), self._now())
        text = f"Slack answered {self._said(error, data)}" if error else f"Slack answered {status}"
        if error in _PASSING or status in _PASSING_STATUSES or status >= 500:
            return Retryable(text, after=wish)
        if status == 200 and not error:
            return Retryable("Slack answered neither yes nor no")
        return Refused(text, error)

    def _said(self, error: str, data: Mapping[str, Any]) -> str:
        messages = data.get("response_metadata", {})
        more = messages.get("messages", []) if isinstance(messages, dict) else []
        needed = [f"needed: {data['needed']}"] if data.get("needed") else []
        hint = [_HINTS[error]] if error in _HINTS else []
        parts = (error, *hint, *needed, *(str(one) for one in more[:3]))
        return redacted("; ".join(parts), self._params)[:400]
