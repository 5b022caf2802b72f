"""Finds the plugins, takes what they register, and says what is wrong with the rest.

Built-ins come first, then installed distributions, then the files of `plugins_dir`. Each plugin
has a hook caller of its own: in a shared one, pluggy lets the first implementation that raises
abort all that follow.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from sentinel.api import API_VERSION, Kind
from sentinel.config.problem import Problem
from sentinel.plugins.checks import Fault, class_faults, line_of, name_of
from sentinel.plugins.hooks import Offer, offers
from sentinel.plugins.sources import Source, built_ins, distributions, drop_ins

BUILT_INS = (
    "sentinel.actions.command",
    "sentinel.actions.http",
    "sentinel.actions.reload",
    "sentinel.actions.rescan",
    "sentinel.actions.run_probe",
    "sentinel.actions.try_channel",
    "sentinel.detectors.anomaly",
    "sentinel.detectors.any",
    "sentinel.detectors.baseline",
    "sentinel.detectors.blacklist",
    "sentinel.detectors.cardinality",
    "sentinel.detectors.change",
    "sentinel.detectors.flatline",
    "sentinel.detectors.forecast",
    "sentinel.detectors.frequency",
    "sentinel.detectors.new_term",
    "sentinel.detectors.ratio",
    "sentinel.detectors.regression",
    "sentinel.detectors.slo_burn",
    "sentinel.detectors.spike",
    "sentinel.detectors.threshold",
    "sentinel.detectors.whitelist",
    "sentinel.notifiers.email",
    "sentinel.notifiers.webhook",
    "sentinel.notifiers.client_webhook",
    "sentinel.notifiers.console",
    "sentinel.notifiers.slack",
    "sentinel.notifiers.discord",
    "sentinel.notifiers.teams",
    "sentinel.notifiers.telegram",
    "sentinel.notifiers.apprise",
    "sentinel.notifiers.inapp",
    "sentinel.notifiers.sms",
    "sentinel.notifiers.voice",
    "sentinel.notifiers.pagerduty",
    "sentinel.notifiers.webpush",
    "sentinel.probes.command",
    "sentinel.probes.dns",
    "sentinel.probes.host",
    "sentinel.probes.http",
    "sentinel.probes.icmp",
    "sentinel.probes.postgresql",
    "sentinel.probes.process",
    "sentinel.probes.redis",
    "sentinel.probes.smtp",
    "sentinel.probes.sql",
    "sentinel.probes.systemd_unit",
    "sentinel.probes.tcp",
    "sentinel.probes.tls",
    "sentinel.rankers.evidence",
    "sentinel.ingest.sentry",
    "sentinel.ingest.errors",
    "sentinel.ingest.changes",
    "sentinel.ingest.alertmanager",
)


class PluginInfo(Struct, frozen=True, kw_only=True, order=True):
    """One line of the list of plugins.

    A plugin of which something failed has a line of the kind "module" with its own name as
    `type`. `api` is the API version that the plugin declares, or else this Sentinel's.
    """

    kind: str
    type: str
    summary: str = ""
    origin: str
    status: Literal["ok", "quarantined", "failed"] = "ok"
    reason: str = ""
    api: str = API_VERSION


class Registered(Struct, frozen=True):
    plugin: type[Any]
    info: PluginInfo


class Registry:
    """The classes that were registered, by kind and type. Built once, by `load`."""

    def __init__(self, entries: Iterable[Registered], failed: Iterable[PluginInfo] = ()) -> None:
        self._entries = {(entry.info.kind, entry.info.type): entry for entry in entries}
        self._failed = tuple(failed)

    def get(self, kind: Kind, type: str) -> type[Any] | None:
        entry = self._entries.get((kind, type))
        return entry.plugin if entry else None

    def types(self, kind: Kind) -> list[str]:
        return sorted(type for of_kind, type in self._entries if of_kind == kind)

    def all(self, kind: Kind) -> list[type[Any]]:
        """The classes of one kind, by type: every receiver, for the routes of the server."""
        return [self._entries[kind, type].plugin for type in self.types(kind)]

    def listing(self, held: Mapping[tuple[str, str], str] | None = None) -> list[PluginInfo]:
        """What loaded, by kind and type, then what failed.

        `held` has the reasons of those that are quarantined now, by kind and type.
        """
        loaded = sorted(entry.info for entry in self._entries.values())
        return [*(_with_hold(info, held or {}) for info in loaded), *self._failed]


def _with_hold(info: PluginInfo, held: Mapping[tuple[str, str], str]) -> PluginInfo:
    reason = held.get((info.kind, info.type))
    return info if reason is None else replace(info, status="quarantined", reason=reason)


def load(
    plugins_dir: Path | None, built_in: Sequence[str] = BUILT_INS
) -> tuple[Registry, list[Problem]]:
    """Load all that can be loaded. Whatever a plugin does wrong is a problem, never an exception.

    A plugin that hangs while it is imported can't be interrupted, and holds up the start.
    """
    found = chain(built_ins(built_in), distributions())
    if plugins_dir is None:
        return load_sources(found)
    if not plugins_dir.is_dir():
        registry, problems = load_sources(found)
        return registry, [*problems, _no_folder(plugins_dir)]
    return load_sources(chain(found, drop_ins(plugins_dir)))


def load_sources(sources: Iterable[Source]) -> tuple[Registry, list[Problem]]:
    """As `load`, for chosen sources: a plugin's own test loads it alone."""
    loading = _Loading()
    for source in sources:
        loading.take(source)
    return Registry(loading.entries.values(), loading.failed), loading.problems


class _Loading:
    """What is loaded so far; the earlier plugin keeps a contested name."""

    def __init__(self) -> None:
        self.entries: dict[tuple[Kind, str], Registered] = {}
        self.failed: list[PluginInfo] = []
        self.problems: list[Problem] = []

    def take(self, source: Source) -> None:
        reasons: list[str] = []
        for offer in offers(source):
            faults = [offer] if isinstance(offer, Fault) else self._add(source, offer)
            for fault in faults:
                self.problems.append(_problem(source, fault))
                if not fault.warning:
                    reasons.append(f"found {fault.found}, expected {fault.expected}")
        if reasons:
            self.failed.append(_failed(source, reasons))

    def _add(self, source: Source, offer: Offer) -> list[Fault]:
        faults = class_faults(offer.kind, offer.plugin)
        if faults:
            return faults
        plugin, name = offer.plugin, name_of(offer.kind, offer.plugin)
        earlier = self.entries.get((offer.kind, name))
        if earlier:
            return [_clash(source, offer, name, earlier.info.origin)]
        info = PluginInfo(
            kind=offer.kind,
            type=name,
            summary=plugin.summary,
            origin=source.origin,
            api=offer.api,
        )
        self.entries[offer.kind, name] = Registered(plugin, info)
        return []


def _problem(source: Source, fault: Fault) -> Problem:
    named = source.name if source.root else f"{source.name} ({source.origin})"
    return Problem(
        file=fault.file or source.file,
        line=fault.line,
        id=f"plugin/{fault.id}",
        path=f"plugin {named}",
        found=fault.found,
        expected=fault.expected,
        hint=fault.hint,
        warning=fault.warning,
    )


def _failed(source: Source, reasons: list[str]) -> PluginInfo:
    return PluginInfo(
        kind="module",
        type=source.name,
        origin=source.origin,
        status="failed",
        reason="; ".join(reasons),
    )


def _clash(source: Source, offer: Offer, name: str, earlier: str) -> Fault:
    fault = Fault(
        id="name-clash",
        found=f"{offer.kind} {name!r} of {source.origin}, a name taken by {earlier}",
        expected=f"a name that no other {offer.kind} has",
        hint="rename the later one; until then the earlier one is used",
    )
    file, line = line_of(offer.plugin)
    return replace(fault, file=file, line=line)


def _no_folder(folder: Path) -> Problem:
    return Problem(
        file=str(folder),
        line=1,
        id="plugin/no-folder",
        path="plugins_dir",
        found="no such folder",
        expected="a folder of plugin files",
        hint="create it, or leave plugins_dir out",
    )
