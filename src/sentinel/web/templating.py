"""What the page and the API of templates share."""

import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from sentinel.addressees import addressees
from sentinel.config.model import Config
from sentinel.config.suggest import one_of
from sentinel.errors import Invalid
from sentinel.model.delivery import Recipient
from sentinel.pages import Composer
from sentinel.store import audit
from sentinel.store.accounts import User
from sentinel.templating.preview import Preview, Previews, Wish
from sentinel.web.services import Services


def previews(services: Services) -> Previews:
    setup = services.setup
    return Previews(setup.config, Composer(setup.config, setup.catalog, setup.finder))


async def shown(services: Services, wish: Wish) -> Preview:
    """Raises Invalid for what there is not."""
    found, now = previews(services), services.clock.now()
    return await services.database.read(lambda conn: found.show(conn, wish, now))


async def send_to(services: Services, user: User, wish: Wish, detail: str = "") -> Sequence[int]:
    """As a test, over `wish.channel`: to the user where the channel sends to people. Raises
    Invalid, also where the user is nobody whom the channel reaches."""
    found, now = previews(services), services.clock.now()
    recipients = _recipients(services.setup.config, wish.channel, user)
    name = f"template {wish.template}" if wish.template else "the default words"

    def write(conn: sqlite3.Connection) -> list[int]:
        numbers = found.send(conn, wish, recipients, now)
        audit.note(conn, now, user.name, "template sent as a test", name, detail)
        return numbers

    numbers = await services.database.write(write)
    services.outbox.notify({one.channel for one in recipients})
    services.live.tell("deliveries")
    return numbers


def reachable(config: Config, user: User) -> list[str]:
    """The channels over which a test reaches this user, or a place of the channel's own."""
    person = config.people.get(user.name)
    addresses = person.addresses if person else {}
    return [
        one.name
        for one in config.channels.values()
        if one.address is None or one.address in addresses
    ]


def _recipients(config: Config, channel: str, user: User) -> Sequence[Recipient]:
    if channel not in config.channels:
        raise Invalid(f"found the channel {channel!r}, expected {one_of(config.channels)}")
    to = None if config.channels[channel].address is None else user.name
    if to is not None and to not in config.people:
        raise Invalid(
            f"the channel {channel} sends to people, and none under `people:` is called {to}: "
            "choose another, or give yourself an entry"
        )
    return addressees(config, f"channel:{channel}", to=to)


def narrowed(wish: Wish, config: Config) -> Wish:
    """Without what the chosen template is not for: a phase of clients for an admin's template."""
    template = next((one for one in config.templates if one.name == wish.template), None)
    if template is None:
        return wish
    about = wish.about if template.audience == wish.audience else ""
    return replace(wish, audience=template.audience, about=about)
