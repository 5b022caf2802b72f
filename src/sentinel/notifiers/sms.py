"""SMS over Twilio: https://www.twilio.com/docs/messaging/api."""

import re
from collections.abc import Callable
from typing import Annotated, Any
from xml.sax.saxutils import escape

from msgspec import Meta

from sentinel.api import (
    Capabilities,
    Context,
    Message,
    Notifier,
    Outcome,
    Permanent,
    Receipt,
    Reply,
    hook,
)
from sentinel.notifiers._memory import Memory
from sentinel.notifiers._segments import segments
from sentinel.notifiers._sms_text import fitted
from sentinel.notifiers._twilio import TwilioNotifier, TwilioParams, field, number_of

_SENDER = re.compile(r"\+[1-9]\d{4,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_ARRIVED = ("delivered", "read")
_LOST = ("undelivered", "failed", "canceled")
_STATUS = "status"
_TWIML = "text/xml; charset=utf-8"


class SmsParams(TwilioParams, frozen=True):
    messaging_service: Annotated[
        str | None,
        Meta(description="SID of a messaging service (`MG…`) that chooses the sender."),
    ] = None
    segments: Annotated[
        int,
        Meta(ge=1, le=10, description="What one message may cost: longer ones are cut to this."),
    ] = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        service = self.messaging_service
        if (self.sender is None) == (service is None):
            raise ValueError("expected either sender or messaging_service")
        if self.sender is not None and not _SENDER.fullmatch(self.sender):
            raise ValueError(
                "sender: expected a number such as +441632960000, a short code, or up to 11 "
                f"letters and digits, found {self.sender!r}"
            )
        if service is not None and not re.fullmatch(r"MG[0-9a-fA-F]{32}", service):
            raise ValueError(
                f"messaging_service: expected MG and 32 hexadecimal digits, found {service!r}"
            )


class Sms(TwilioNotifier[SmsParams]):
    """Twilio has no idempotency key for messages: one that comes twice has the same words."""

    type = "sms"
    summary = "SMS over Twilio, with receipts, and answers such as `ack`."
    Params = SmsParams
    address = "sms"
    timeout = 20.0
    capabilities = Capabilities(ack=True, receipts=True, rate=60.0)

    def __init__(self, params: SmsParams, context: Context) -> None:
        super().__init__(params, context)
        self._answered: Memory[str] = Memory()

    async def send(self, message: Message) -> Receipt:
        number = number_of(message)
        text = fitted(message.short or f"{message.subject} {message.url}", self.params.segments)
        if not text:
            raise Permanent("the message holds nothing that an SMS could say")
        what: dict[str, Any] = {"body": text}
        if self.params.sender is not None:
            what["from_"] = self.params.sender
        else:
            what["messaging_service_sid"] = self.params.messaging_service
        backs = {"status_callback": self.place(_STATUS)} if self.params.called_back else {}
        create = self.account.client.messages.create_async
        taken = await self.created(create, number, what, backs)
        count = segments(text)
        size = "1 segment" if count == 1 else f"{count} segments"
        return Receipt(reference=taken.sid, detail=f"{taken.status}, {size}")

    async def called(self, place: str, fields: dict[str, str]) -> Reply:
        sid = field(fields, "MessageSid")
        if place == _STATUS:
            await self._status(sid, field(fields, "MessageStatus"), fields.get("ErrorCode", ""))
            return Reply(status=204)
        # Twilio may call once more where our answer got lost; an escalation must not go twice.
        reply = self._answered.get(sid)
        if reply is None:
            reply = await self._said(field(fields, "From"), fields)
            self._answered.put(sid, reply)
        body = f"<Message>{escape(reply)}</Message>" if reply else ""
        return Reply(body=f"<Response>{body}</Response>".encode(), content_type=_TWIML)

    async def _status(self, sid: str, status: str, code: str) -> None:
        if status not in (*_ARRIVED, *_LOST):
            return
        detail = f"{status} {code}".strip()
        outcome: Outcome = "delivered" if status in _ARRIVED else "undelivered"
        await self.context.answers.receipt(sid, outcome, detail)

    async def _said(self, number: str, fields: dict[str, str]) -> str:
        """What is answered; nothing where Twilio itself has answered STOP, START or HELP."""
        kind = fields.get("OptOutType", "")
        if kind == "STOP":
            await self.context.answers.gone(number, "complained", "answered STOP")
        if kind:
            return ""
        reply = await self.context.answers.said(number, fields.get("Body", ""))
        return fitted(reply, self.params.segments)


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(Sms)
