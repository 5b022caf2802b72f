"""Over which channels a person is reached."""

import pytest

from sentinel.api import Params
from sentinel.config.model import ChannelConfig
from sentinel.config.reach import recipients_of

ADDRESSES = {"email": "alice@example.com", "sms": "+447700900123"}


def channel(
    name: str, address: str, *, for_clients: bool = False, fallback: str | None = None
) -> ChannelConfig:
    return ChannelConfig(
        name=name,
        type=address,
        params=Params(),
        address=address,
        fallback=fallback,
        rate=None,
        timeout=30.0,
        for_clients=for_clients,
    )


MAIL = channel("mail", "email", fallback="spare")
SPARE = channel("spare", "email")
CLIENT_MAIL = channel("client-mail", "email", for_clients=True)
SMS = channel("sms", "sms", for_clients=True)


@pytest.mark.parametrize(
    ("channels", "by", "reached"),
    [
        ([MAIL, SPARE], (), ["mail"]),
        ([MAIL, CLIENT_MAIL], (), ["mail"]),
        ([MAIL, CLIENT_MAIL], ("email",), ["mail"]),
        ([MAIL, CLIENT_MAIL], ("client-mail",), ["client-mail"]),
        ([CLIENT_MAIL, SMS], (), ["client-mail", "sms"]),
        ([MAIL, CLIENT_MAIL, SMS], ("sms",), ["sms"]),
    ],
    ids=[
        "a fallback is left to stand in",
        "the channel of clients is left to them",
        "also where the kind of address is named",
        "unless it is named itself",
        "what there is alone serves both",
        "also where it is named by the address",
    ],
)
def test_a_person_is_reached(
    channels: list[ChannelConfig], by: tuple[str, ...], reached: list[str]
) -> None:
    found = recipients_of("alice", ADDRESSES, channels, by)
    assert [one.channel for one in found] == reached
