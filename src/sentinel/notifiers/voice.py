"""Telephone calls over Twilio: https://www.twilio.com/docs/voice/api."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any
from xml.sax.saxutils import escape, quoteattr

from msgspec import Meta, Struct
from msgspec.structs import replace

from sentinel.api import (
    Capabilities,
    Context,
    Message,
    Notifier,
    Receipt,
    Reply,
    Verb,
    hook,
)
from sentinel.notifiers._memory import Memory
from sentinel.notifiers._speech import spoken
from sentinel.notifiers._twilio import TwilioNotifier, TwilioParams, field, number_of

_KEYS: Mapping[Verb, str] = {"acknowledge": "1", "escalate": "2", "resolve": "3"}
_AGAIN = "9"
_STATUS, _PICKED_UP, _PRESSED = "status", "picked-up", "pressed"
_LOST = ("busy", "failed", "no-answer", "canceled")
_MACHINES = ("machine", "fax")
_LONGEST_CALL = 300
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_VOICE = re.compile(r"[A-Za-z0-9.-]{1,60}")
_XML = "text/xml; charset=utf-8"


class VoiceParams(TwilioParams, frozen=True):
    language: Annotated[str, Meta(description="The language of the voice: en-GB.")] = "en-GB"
    voice: Annotated[
        str | None, Meta(description="One of Twilio's voices, such as Polly.Amy; its own if not.")
    ] = None
    ring: Annotated[int, Meta(ge=10, le=120, description="Seconds that it rings.")] = 30
    detect_machines: Annotated[
        bool,
        Meta(
            description="Whether a call that an answering machine takes counts as not arrived. "
            "Twilio charges for it."
        ),
    ] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sender is None:
            raise ValueError("sender: found none, expected the number that calls")
        if not re.fullmatch(r"\+[1-9]\d{4,14}", self.sender):
            raise ValueError(
                f"sender: expected a number such as +441632960000, found {self.sender!r}"
            )
        if not _LANGUAGE.fullmatch(self.language):
            raise ValueError(f"language: expected one such as en-GB, found {self.language!r}")
        if self.voice is not None and not _VOICE.fullmatch(self.voice):
            raise ValueError(f"voice: expected a name such as Polly.Amy, found {self.voice!r}")


class Call(Struct, frozen=True):
    """What one call says, and to whom. `keys` are the tokens of what may be chosen, by the key to
    press."""

    to: str
    text: str
    keys: Mapping[str, str]
    menu: str


class Voice(TwilioNotifier[VoiceParams]):
    """A message's choices are keys of the telephone. What a call says and what its keys do is
    remembered while it lasts; after a restart in the middle of it, keys are answered with where to
    look instead."""

    type = "voice"
    summary = "Telephone calls over Twilio that read the message out; a key acknowledges."
    Params = VoiceParams
    address = "voice"
    timeout = 20.0
    capabilities = Capabilities(
        ack=True,
        receipts=True,
        rate=60.0,
        only=frozenset({"firing", "assigned", "reminder", "ack_expiring"}),
    )

    def __init__(self, params: VoiceParams, context: Context) -> None:
        super().__init__(params, context)
        self._calls: Memory[Call] = Memory()
        self._machines: Memory[str] = Memory()
        self._people: Memory[bool] = Memory()

    async def send(self, message: Message) -> Receipt:
        number = number_of(message)
        call = _call_of(message)
        name = _name(message.key)
        self._calls.put(name, call)
        what: dict[str, Any] = {
            "from_": self.params.sender,
            "twiml": self._reading(call),
            "timeout": self.params.ring,
            "time_limit": _LONGEST_CALL,
        }
        create = self.account.client.calls.create_async
        taken = await self.created(create, number, what, self._backs(call, name))
        return Receipt(reference=taken.sid, detail=str(taken.status))

    def _backs(self, call: Call, name: str) -> dict[str, Any]:
        if not self.params.called_back:
            return {}
        backs: dict[str, Any] = {
            "twiml": self._menu(call, name),
            "status_callback": self.place(_STATUS),
            "status_callback_event": ["completed"],
        }
        if self.params.detect_machines:
            # Beside the call, not before it: nobody has to wait until a machine is ruled out.
            backs["machine_detection"] = "Enable"
            backs["async_amd"] = "true"
            backs["async_amd_status_callback"] = self.place(_PICKED_UP)
        return backs

    async def called(self, place: str, fields: dict[str, str]) -> Reply:
        sid = field(fields, "CallSid")
        if place == _STATUS:
            await self._status(sid, field(fields, "CallStatus"), fields.get("SipResponseCode", ""))
            return Reply(status=204)
        if place == _PICKED_UP:
            await self._picked_up(sid, fields.get("AnsweredBy", ""))
            return Reply(status=204)
        name = place.removeprefix(f"{_PRESSED}/")
        self._people.put(sid, True)
        said = await self._pressed(name, fields.get("Digits", ""))
        return Reply(body=said.encode(), content_type=_XML)

    async def _status(self, sid: str, status: str, code: str) -> None:
        if status in _LOST:
            detail = f"{status} {code}".strip()
            await self.context.answers.receipt(sid, "undelivered", detail)
        elif status == "completed" and self._machines.get(sid) is None:
            await self.context.answers.receipt(sid, "delivered", "the call was taken")

    async def _picked_up(self, sid: str, by: str) -> None:
        # No machine presses keys, whatever it sounded like.
        if by.startswith(_MACHINES) and self._people.get(sid) is None:
            self._machines.put(sid, by)
            detail = "an answering machine took the call"
            await self.context.answers.receipt(sid, "undelivered", detail)

    async def _pressed(self, name: str, digits: str) -> str:
        call = self._calls.get(name)
        if call is None:
            return self._last_words("This call is not known any more. Please look at Sentinel.")
        if digits == _AGAIN:
            return self._menu(call, name)
        token = call.keys.get(digits)
        if token is None:
            return self._menu(replace(call, text="This key has no meaning."), name)
        answer = await self.context.answers.chose(token, call.to)
        return self._last_words(spoken(answer) or "Good bye.")

    def _reading(self, call: Call) -> str:
        """Said twice: whoever was asleep missed the first time."""
        once = self._say(call.text)
        return f"<Response>{once}<Pause/>{once}</Response>"

    def _menu(self, call: Call, name: str) -> str:
        """The same, while a key is waited for."""
        once = self._say(f"{call.text} {call.menu}")
        action = quoteattr(self.place(_PRESSED, name))
        return (
            f'<Response><Gather numDigits="1" timeout="8" action={action}>'
            f"{once}<Pause/>{once}</Gather>{self._say('Good bye.')}</Response>"
        )

    def _last_words(self, text: str) -> str:
        return f"<Response>{self._say(text)}<Hangup/></Response>"

    def _say(self, text: str) -> str:
        voice = f" voice={quoteattr(self.params.voice)}" if self.params.voice else ""
        language = quoteattr(self.params.language)
        return f"<Say language={language}{voice}>{escape(text)}</Say>"


def _call_of(message: Message) -> Call:
    paragraph = message.text.strip().partition("\n\n")[0]
    keys = {_KEYS[one.verb]: one for one in message.choices if one.verb in _KEYS}
    offers = [f"{key} to {keys[key].verb}" for key in sorted(keys)]
    offers.append(f"or {_AGAIN} to hear this again" if offers else f"{_AGAIN} to hear this again")
    return Call(
        to=message.to,
        text=f"This is Sentinel. {_sentence(message.subject)} {_sentence(paragraph)}",
        keys={key: one.token for key, one in keys.items()},
        menu=f"Press {', '.join(offers)}.",
    )


def _sentence(text: str) -> str:
    said = spoken(text)
    return said if not said or said.endswith((".", "!", "?")) else f"{said}."


def _name(key: str) -> str:
    """The part of an address that names a call."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", key)


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(Voice)
