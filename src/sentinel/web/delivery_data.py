"""What users of Sentinel may see of messages: viewers no addresses, and nobody the keys in them,
which would let a reader act in the name of the one whom the message is for."""

import re

import msgspec
from msgspec.structs import replace

from sentinel.discretion import masked
from sentinel.model.delivery import Delivery, Message
from sentinel.store.accounts import User
from sentinel.store.tries import Failure
from sentinel.web import auth

_KEYS = re.compile(rb"(/(?:a|confirm|manage|unsubscribe|status/t)/)[A-Za-z0-9_-]{24,}")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Message).decode


def shown_delivery(user: User, delivery: Delivery) -> Delivery:
    if auth.may(user, "responder"):
        return delivery
    error = delivery.error and _masked_in(delivery.error, delivery)
    return replace(delivery, address=masked(delivery.address), error=error)


def shown_failures(user: User, delivery: Delivery, found: list[Failure]) -> list[Failure]:
    if auth.may(user, "responder"):
        return found
    return [replace(one, error=_masked_in(one.error, delivery)) for one in found]


def _masked_in(text: str, delivery: Delivery) -> str:
    """Providers like to repeat to whom they would not send."""
    address = delivery.address
    return text.replace(address, masked(address)) if address else text


def shown_message(user: User, delivery: Delivery, message: Message | None) -> Message | None:
    """None for a viewer where it is a client's own."""
    if message is None or (delivery.audience == "client" and not auth.may(user, "responder")):
        return None
    choices = tuple(replace(one, token="") for one in message.choices)
    clean = _decode(_KEYS.sub(b"\\1\xe2\x80\xa6", _encode(replace(message, choices=choices))))
    return clean if auth.may(user, "responder") else replace(clean, to=masked(message.to))
