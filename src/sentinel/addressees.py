"""Whom a test message goes to, by what somebody typed."""

from collections.abc import Collection, Sequence

from sentinel.channels import address_of
from sentinel.config.model import Config
from sentinel.config.reach import usable_of
from sentinel.config.suggest import nearest
from sentinel.errors import Invalid
from sentinel.model.delivery import Recipient


def addressees(
    config: Config, target: str, *, to: str | None = None, by: str | None = None
) -> Sequence[Recipient]:
    """`target` is channel:NAME, person:NAME or a name; `to` the person for a channel that sends to
    people, `by` the only channel for a person. Raises Invalid for a name that there is not, and
    where nobody would be reached."""
    kind, _, name = target.rpartition(":")
    if kind not in ("", "channel", "person"):
        raise Invalid(f"found {target!r}, expected channel:NAME, person:NAME or a name")
    is_channel = kind != "person" and name in config.channels
    is_person = kind != "channel" and name in config.people
    if is_channel and is_person:
        raise Invalid(
            f"there are both a channel and a person {name}: write channel:{name} or person:{name}"
        )
    if is_channel:
        if by is not None:
            raise Invalid("--by goes with a person; a channel has --to PERSON")
        return (_over_channel(config, name, to),)
    if is_person:
        if to is not None:
            raise Invalid("--to goes with a channel; a person has --by CHANNEL")
        return _to_person(config, name, by)
    raise _unknown(kind or "channel or person", name, [*config.channels, *config.people])


def _over_channel(config: Config, channel: str, to: str | None) -> Recipient:
    if config.channels[channel].address is None:
        if to is not None:
            raise Invalid(f"the channel {channel} itself says where it sends to: leave --to out")
        return Recipient(channel)
    if to is None:
        reaches = address_of(config)
        known = [one for one in config.people if reaches(channel, one) is not None]
        raise Invalid(
            f"the channel {channel} sends to people: name one by --to PERSON "
            f"(it reaches {_listed(known)})"
        )
    if to not in config.people:
        raise _unknown("person", to, config.people)
    return _reached(config, channel, to)


def _to_person(config: Config, person: str, by: str | None) -> Sequence[Recipient]:
    if by is not None:
        if by not in config.channels:
            raise _unknown("channel", by, config.channels)
        return (_reached(config, by, person),)
    known = config.people[person].addresses
    usable = [one.name for one in usable_of(known, config.channels.values())]
    if not usable:
        raise Invalid(f"no channel reaches {person}: there is none for {_listed(known)}")
    return [_reached(config, channel, person) for channel in usable]


def _reached(config: Config, channel: str, person: str) -> Recipient:
    key = config.channels[channel].address
    address = address_of(config)(channel, person)
    if key is None:
        raise Invalid(f"the channel {channel} itself says where it sends to: test it by its name")
    if address is None:
        raise Invalid(
            f"the channel {channel} does not reach {person}, whose entry under `people:` has no "
            f"`{key}`"
        )
    return Recipient(channel, address, person)


def _unknown(kind: str, name: str, known: Collection[str]) -> Invalid:
    meant = nearest(name, known)
    hint = f", did you mean {meant}?" if meant else f", expected one of {_listed(known)}"
    return Invalid(f"there is no {kind} {name!r}{hint}")


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none at all"
