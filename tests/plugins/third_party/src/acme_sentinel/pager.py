"""Acme's paging service."""

from typing import Annotated

import aiohttp
from msgspec import Meta

from sentinel.api import (
    Capabilities,
    Message,
    Notifier,
    Params,
    Permanent,
    Receipt,
    Retryable,
    Secret,
    redacted,
)


class AcmePagerParams(Params, frozen=True):
    url: Annotated[str, Meta(pattern="^https?://", description="Acme's address.")]
    token: Annotated[Secret, Meta(description="The team's token.")]


class AcmePager(Notifier[AcmePagerParams]):
    type = "acme_pager"
    summary = "Acme's paging service"
    Params = AcmePagerParams
    address = "sms"
    capabilities = Capabilities(idempotent=True, max_length=500)

    async def send(self, message: Message) -> Receipt:
        call = self.context.http.post(
            self.params.url,
            json={"to": message.to, "text": message.text[:500], "id": message.key},
            headers={"Authorization": f"Bearer {self.params.token.reveal()}"},
        )
        try:
            async with call as answer:
                said = redacted(f"{answer.status} {await answer.text()}", self.params)[:200]
                wish = answer.headers.get("Retry-After", "")
        except aiohttp.ClientError as error:
            raise Retryable(f"no answer: {type(error).__name__}") from None
        if answer.status == 429 or answer.status >= 500:
            raise Retryable(said, after=float(wish) if wish.isdecimal() else None)
        if answer.status >= 300:
            raise Permanent(said)
        return Receipt(detail=said)
