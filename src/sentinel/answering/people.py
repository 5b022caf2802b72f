"""Whose address it is that something came from."""

import re

from sentinel.config.model import ChannelConfig, Config

_PHONE = re.compile(r"\+?[\d\s()./-]{6,}")


def people_at(config: Config, channel: ChannelConfig, address: str) -> dict[str, str]:
    """Who is reached there, several where they share a telephone, with the address of each as it
    stands in the configuration; nobody where it is nobody's."""
    if channel.heard_from is None or not address:
        return {}
    wanted = plain(address)
    addresses = {
        name: own
        for name, person in config.people.items()
        if (own := person.addresses.get(channel.heard_from)) is not None
    }
    return {name: own for name, own in addresses.items() if plain(own) == wanted}


def plain(address: str) -> str:
    """Addresses that are written differently and mean the same come out the same."""
    if _PHONE.fullmatch(address):
        return re.sub(r"\D", "", address)
    return address.strip().casefold()
