"""Clients: the tenants with those who are told there, and how. Tenants may stand in the main file
and in the rules files."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from sentinel.clients.addresses import KEY_OF, KINDS, Kind, clean_name, normalised
from sentinel.clients.words import ENGLISH, places
from sentinel.config.document import Document, KeyPath
from sentinel.config.model import ChannelConfig, ClientsConfig, ContactConfig, TenantConfig
from sentinel.config.names import Names, unknown_name
from sentinel.config.parsing import parsed, read_zone
from sentinel.config.problem import Problem
from sentinel.config.schema_clients import Clients, TenantContact
from sentinel.config.secrecy import told
from sentinel.config.suggest import did_you_mean, nearest, one_of, show
from sentinel.config.validation import read_record
from sentinel.engine.calendar_text import parse_clock
from sentinel.engine.wallclock import DAY
from sentinel.errors import Invalid
from sentinel.model.client import ClientQuiet

_MINUTES = DAY // 60


def read_clients(
    main: Document, channels: Mapping[str, ChannelConfig]
) -> tuple[ClientsConfig, list[Problem]]:
    """What holds for all of them; the defaults where nothing is said."""
    record = Clients()
    if main.section("clients"):
        # The schema's own problems are told by those who read the whole file.
        record = read_record(main, ("clients",), Clients)[0] or record
    problems = main.positive(("clients", "limits"), confirm_within=record.limits.confirm_within)
    serving: dict[str, str] = {}
    for kind in KINDS:
        name = getattr(record.channels, kind)
        if name is None:
            continue
        here = ("clients", "channels", kind)
        if name not in main.section("channels"):
            problems.append(unknown_name(main, here, "channel", name, main.section("channels")))
        elif name in channels:
            problems += _check_channel(main, here, kind, channels[name])
            serving[kind] = name
    problems += _check_languages(main, record)
    return (
        ClientsConfig(
            title=record.title,
            channels=serving,
            sign_up=record.sign_up,
            limits=record.limits,
            language=record.language,
            languages=record.languages,
            footer=record.footer,
        ),
        problems,
    )


def marked(
    channels: Mapping[str, ChannelConfig], clients: ClientsConfig
) -> dict[str, ChannelConfig]:
    """The channels, with those over which clients are told known as such."""
    theirs = set(clients.channels.values())
    return {
        name: replace(channel, for_clients=name in theirs) for name, channel in channels.items()
    }


def read_tenants(
    documents: Sequence[Document],
    zone: ZoneInfo,
    clients: ClientsConfig,
    components: Collection[str],
) -> tuple[dict[str, TenantConfig], list[Problem]]:
    """By name. `zone` holds where none is named; the main file comes first. The schema's own
    problems are not told."""
    names = Names("tenant")
    tenants: dict[str, TenantConfig] = {}
    problems: list[Problem] = []
    for document in documents:
        for name in document.section("tenants"):
            path = ("tenants", name)
            problems += names.add(document, path, name)
            if not isinstance(document.at(path), dict):
                continue
            title = document.get((*path, "title"))
            reading = _Contacts(document, path, zone, clients, components, problems)
            reading.may_refer = document is documents[0]
            tenants.setdefault(
                name,
                TenantConfig(
                    name=name,
                    title=title if isinstance(title, str) else name,
                    contacts=tuple(reading.all()),
                ),
            )
    return tenants, problems


class _Contacts:
    """Those of one tenant."""

    may_refer = True

    def __init__(
        self,
        document: Document,
        tenant: KeyPath,
        zone: ZoneInfo,
        clients: ClientsConfig,
        components: Collection[str],
        problems: list[Problem],
    ) -> None:
        self._document = document
        self._base = (*tenant, "contacts")
        self._zone = zone
        self._clients = clients
        self._components = components
        self._problems = problems

    def all(self) -> Iterator[ContactConfig]:
        seen: dict[str, int] = {}
        items = self._document.get(self._base)
        for index, _ in enumerate(items if isinstance(items, list) else ()):
            path = (*self._base, index)
            record, _ = read_record(self._document, path, TenantContact)
            if record is None:
                continue
            first = seen.setdefault(record.name.casefold(), index)
            if first != index:
                line = self._document.line((*self._base, first))
                self._tell(
                    (*path, "name"),
                    "tenant/contact-again",
                    f"the contact {show(record.name)} again",
                    f"a name of its own (first at line {line})",
                )
                continue
            contact = self._contact(path, record)
            if contact is not None:
                yield contact

    def _contact(self, path: KeyPath, record: TenantContact) -> ContactConfig | None:
        zone = read_zone(self._document, (*path, "timezone"), self._zone, self._problems)
        addresses = self._addresses(path, record)
        self._check_components(path, record)
        try:
            name = clean_name(record.name)
        except Invalid as error:
            self._tell((*path, "name"), "tenant/contact-name", show(record.name), str(error))
            return None
        return ContactConfig(
            name=name,
            addresses=addresses,
            language=record.language or self._clients.language,
            timezone=zone.key,
            quiet=self._quiet(path, record),
            digest=self._clock((*path, "digest")) if record.digest else None,
            components=tuple(dict.fromkeys(record.components)),
            severity=record.severity,
        )

    def _addresses(self, path: KeyPath, record: TenantContact) -> dict[Kind, str]:
        found: dict[Kind, str] = {}
        given = {kind: getattr(record, kind) for kind in KINDS}
        for kind, text in given.items():
            if text is None:
                continue
            here = (*path, kind)
            if "${" in text and not self.may_refer:
                self._tell(
                    here,
                    "reference/place",
                    "a reference",
                    "the address itself: references work in the main file alone",
                    "move this tenant there",
                )
                continue
            try:
                found[kind] = normalised(kind, text)
            except Invalid as error:
                expected, _, what = str(error).removeprefix("expected ").partition(", found ")
                # What a reference stands for is not shown.
                if here in self._document.references:
                    what = told(self._document, here, text)
                self._tell(here, "tenant/address", what or "an address", expected)
            if kind not in self._clients.channels:
                self._tell(
                    here,
                    "tenant/no-channel",
                    f"an address of the kind {kind}, which no channel serves",
                    f"clients.channels.{kind}: the name of a channel",
                    "without one nothing is sent to this address",
                    warning=True,
                )
        if not any(given.values()):
            self._tell(path, "tenant/no-address", "a contact without an address", one_of(KINDS))
        return found

    def _check_components(self, path: KeyPath, record: TenantContact) -> None:
        """Components may be known to probes and senders alone, so only near misses are told."""
        for index, name in enumerate(record.components):
            meant = nearest(name, self._components)
            if name not in self._components and meant:
                self._tell(
                    (*path, "components", index),
                    "tenant/unknown-component",
                    f"the component {show(name)}, which nothing here names",
                    one_of(sorted(self._components)),
                    f"did you mean {meant}?",
                    warning=True,
                )

    def _quiet(self, path: KeyPath, record: TenantContact) -> ClientQuiet | None:
        if record.quiet is None:
            return None
        start = self._clock((*path, "quiet", "from"))
        end = self._clock((*path, "quiet", "until"))
        if start is None or end is None:
            return None
        if start == end:
            self._tell(
                (*path, "quiet", "until"),
                "config/wrong-value",
                f"{show(record.quiet.until)}, when the quiet begins",
                "another time than `from`",
            )
            return None
        return ClientQuiet(start=start, end=end)

    def _clock(self, path: KeyPath) -> int | None:
        minutes = parsed(self._document, path, parse_clock, self._problems)
        return None if minutes is None else minutes % _MINUTES

    def _tell(
        self,
        path: KeyPath,
        id: str,
        found: str,
        expected: str,
        hint: str = "",
        *,
        warning: bool = False,
    ) -> None:
        self._problems.append(
            self._document.problem(
                path, id, found=found, expected=expected, hint=hint, warning=warning
            )
        )


def _check_channel(
    main: Document, path: KeyPath, kind: Kind, channel: ChannelConfig
) -> Iterator[Problem]:
    if channel.address != KEY_OF[kind]:
        asks = f"asks for {channel.address}" if channel.address else "asks for no address"
        yield main.problem(
            path,
            "clients/wrong-channel",
            found=f"the channel {channel.name} of type {channel.type}, which {asks}",
            expected=f"a channel that asks for {KEY_OF[kind]}",
            hint=_TYPES[kind],
        )


_TYPES: dict[Kind, str] = {
    "email": "such as one of type email",
    "sms": "such as one of type sms",
    "webhook": "one of type client_webhook",
    "slack": "one of type slack_webhook",
}


def _check_languages(main: Document, record: Clients) -> Iterator[Problem]:
    for language, texts in record.languages.items():
        for key, text in texts.items():
            here = ("clients", "languages", language, key)
            if key not in ENGLISH:
                yield main.problem(
                    here,
                    "clients/unknown-text",
                    found=f"the text {show(key)}",
                    expected="a key that `sentinel client texts` lists",
                    hint=did_you_mean(key, ENGLISH),
                )
                continue
            strange = places(text) - places(ENGLISH[key])
            if strange:
                yield main.problem(
                    here,
                    "clients/unknown-place",
                    found=f"{{{min(strange)}}}, which is not filled in here",
                    expected=_places_of(ENGLISH[key]),
                )
    if record.language != "en" and record.language not in record.languages:
        yield main.problem(
            ("clients", "language"),
            "clients/unknown-language",
            found=f"the language {show(record.language)}, of which there are no texts",
            expected=one_of(sorted({"en", *record.languages})),
            hint=f"write its texts under clients.languages.{record.language}",
        )


def _places_of(text: str) -> str:
    names = sorted(places(text))
    return one_of([f"{{{name}}}" for name in names]) if names else "no braces in this text"
