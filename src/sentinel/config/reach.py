"""Who can be reached where: people, and those who stand behind the name of a team or schedule."""

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from sentinel.config.model import ChannelConfig, ScheduleConfig, TeamConfig
from sentinel.config.names import Names
from sentinel.engine.schedules import Schedule
from sentinel.model.delivery import Recipient


class Reach(Struct, frozen=True, kw_only=True):
    """`named` are all channels, with those that are wrong in themselves: nobody is called
    unreachable for these. `schedule_names` likewise hold all schedules."""

    channels: Mapping[str, ChannelConfig]
    named: frozenset[str]
    people: Mapping[str, Mapping[str, str]]
    teams: Mapping[str, TeamConfig]
    schedules: Mapping[str, ScheduleConfig]
    schedule_names: Names

    @property
    def whole(self) -> bool:
        return self.named == self.channels.keys()

    @property
    def address_keys(self) -> set[str]:
        return {channel.address for channel in self.channels.values() if channel.address}

    @property
    def targets(self) -> dict[str, Collection[str]]:
        """All names that a step may give, by their kind."""
        return {
            "person": self.people,
            "channel": self.named,
            "team": self.teams,
            "schedule": self.schedule_names.places,
        }

    def person(self, name: str, by: tuple[str, ...]) -> tuple[Recipient, ...]:
        """The person's addresses on the channels asked for, or on all."""
        return recipients_of(name, self.people[name], self.channels.values(), by)


def recipients_of(
    name: str,
    addresses: Mapping[str, str],
    channels: Iterable[ChannelConfig],
    by: tuple[str, ...] = (),
) -> tuple[Recipient, ...]:
    """Where a person is reached: on the channels or kinds of address in `by`, or on all. A channel
    that stands in for another one of these is left to do that."""
    known = list(channels)
    usable = usable_of(addresses, known)
    if by:
        named = [c for c in known if c.name in by and c.address in addresses]
        chosen = [c for c in known if c in named or (c in usable and c.address in by)]
    else:
        stand_ins = {channel.fallback for channel in usable}
        chosen = [c for c in usable if c.name not in stand_ins] or usable
    return tuple(Recipient(c.name, addresses[c.address or ""], name) for c in chosen)


def usable_of(
    addresses: Mapping[str, str], channels: Iterable[ChannelConfig]
) -> list[ChannelConfig]:
    """Those that reach somebody with these addresses. One over which clients are told is left to
    them where another one asks for the same address: nobody is paged twice at one address, nor
    from the address that clients know."""
    fitting = [c for c in channels if c.address and c.address in addresses]
    own = {c.address for c in fitting if not c.for_clients}
    return [c for c in fitting if not c.for_clients or c.address not in own]


def people_of(schedule: Schedule) -> tuple[str, ...]:
    """Everybody who may ever be on call, each once."""
    turns = [turn for layer in schedule.layers for turn in layer.people]
    overrides = [override.people for override in schedule.overrides]
    return tuple(dict.fromkeys(name for people in (*turns, *overrides) for name in people))
