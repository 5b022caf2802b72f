"""From the files to one frozen Config, or to every problem in all of them at once."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from sentinel.broadcasts.redaction import Redaction
from sentinel.config.actions import read_actions
from sentinel.config.broadcasts import Public, read_broadcasts, titles_of
from sentinel.config.channels import read_channels
from sentinel.config.classify import read_classify
from sentinel.config.clients import marked, read_clients, read_tenants
from sentinel.config.components import known_components, read_components
from sentinel.config.correlations import read_correlations
from sentinel.config.document import Document, load
from sentinel.config.drills import read_drills
from sentinel.config.escalations import read_escalations
from sentinel.config.inhibition import read_inhibitions
from sentinel.config.intervals import Calendar, read_intervals
from sentinel.config.lints import lint
from sentinel.config.maintenance import read_maintenance
from sentinel.config.model import Config, RuleConfig
from sentinel.config.monitors import read_monitors
from sentinel.config.names import Names
from sentinel.config.parsing import read_zone
from sentinel.config.people import read_people
from sentinel.config.probes import read_probes
from sentinel.config.problem import Problem
from sentinel.config.reach import Reach
from sentinel.config.remedies import check_remedies
from sentinel.config.routes import read_routes
from sentinel.config.rules import read_rules
from sentinel.config.schedules import read_schedules
from sentinel.config.schema import MainFile, RulesFile
from sentinel.config.settings import (
    folder_of,
    public_url_of,
    read_main,
    read_settings,
    without_empty,
)
from sentinel.config.status import read_status_page
from sentinel.config.tagged import Registry
from sentinel.config.teams import read_teams
from sentinel.config.templates import Channels as TemplateChannels
from sentinel.config.templates import read_templates
from sentinel.config.tests import read_tests
from sentinel.config.validation import check, schema_of
from sentinel.model.override import Override

T = TypeVar("T")

_SUFFIXES = (".yaml", ".yml")


def load_config(
    path: Path,
    plugins: Registry,
    env: Mapping[str, str],
    now: float | None = None,
    rules_dir: Path | None = None,
    overrides: Iterable[Override] = (),
) -> tuple[Config | None, list[Problem]]:
    """The Config is None if any of the problems is more than a warning. Nothing is changed.

    `now`, in seconds since 1970 UTC, is where the on-call schedules are looked at from: without
    it no hours with nobody on call are told. `rules_dir` goes before the main file's own.
    `overrides` are those that were set while Sentinel ran and are not over.
    """
    main, problems = read_main(path, env)
    if main is None:
        return None, problems
    if rules_dir is not None and isinstance(main.data, dict):
        main = replace(main, data={**main.data, "rules_dir": str(rules_dir.absolute())})
    loading = _Loading(path, main, plugins, problems)
    config = loading.run()
    if config:
        problems += lint(config, now, overrides)
    return config, sorted(set(_without_echoes(problems)))


def _without_echoes(problems: list[Problem]) -> Iterator[Problem]:
    """A value whose reference is missing is not also told to be a wrong value."""
    missing = {(p.file, p.path) for p in problems if p.id.startswith("reference/")}
    for problem in problems:
        if problem.id.startswith("reference/") or (problem.file, problem.path) not in missing:
            yield problem


def plugins_dir_of(path: Path, env: Mapping[str, str]) -> Path | None:
    """Where the drop-in plugins are: needed before the rest can be checked. None where there
    are none; a configuration that can't be read is told by `load_config`."""
    main, _ = read_main(path, env)
    return folder_of(main, path, "plugins_dir") if main else None


class _Loading:
    def __init__(
        self, path: Path, main: Document, plugins: Registry, problems: list[Problem]
    ) -> None:
        self.path = path
        self.main = main
        self.plugins = plugins
        self.problems = problems
        self.files = [path]

    def run(self) -> Config | None:
        main = self.main
        settings = self._take(read_settings(main, self.path))
        public_url = None if settings is None else public_url_of(settings)
        channels = self._take(read_channels(main, self.plugins, public_url))
        probes = self._take(read_probes(main, self.plugins))
        components = self._take(read_components(main))
        zone = read_zone(main, ("timezone",), ZoneInfo("UTC"), self.problems)
        status_page = self._take(
            read_status_page(main, self.path.parent, components, known_components(main), zone)
        )
        others = self._rules_files()
        monitors = self._take(read_monitors(main, zone))
        people = self._take(read_people(main, others, channels, zone))
        clients = self._take(read_clients(main, channels))
        channels = marked(channels, clients)
        tenants = self._take(read_tenants([main, *others], zone, clients, known_components(main)))
        teams = self._take(read_teams([main, *others], people))
        interval_names, schedule_names = Names("time interval"), Names("schedule")
        intervals = self._take(read_intervals(others, zone, interval_names))
        calendar = Calendar(interval_names, intervals)
        schedules = self._take(read_schedules(others, zone, people, calendar, schedule_names))
        reach = Reach(
            channels=channels,
            named=frozenset(main.section("channels")),
            people={name: person.addresses for name, person in people.items()},
            teams=teams,
            schedules=schedules,
            schedule_names=schedule_names,
        )
        rule_names, escalation_names = Names("rule"), Names("escalation")
        rules = self._rules(others, rule_names)
        actions = self._take(read_actions(main, self.plugins, channels, probes, people))
        self.problems += check_remedies(others, rules, actions, probes)
        classify = self._take(read_classify(others))
        escalations = self._take(read_escalations(others, reach, escalation_names))
        drills = self._take(read_drills(main, zone, reach))
        routes = self._take(read_routes(others, escalation_names, calendar))
        inhibitions = self._take(read_inhibitions(others))
        public = self._public(titles_of(components, status_page), rules, settings)
        maintenance = self._take(read_maintenance(others, zone, calendar, public))
        broadcasts = self._take(read_broadcasts(others, rules, rule_names, reach, public))
        correlations = self._take(read_correlations(others, rule_names))
        named = frozenset(main.section("channels"))
        templates = self._take(
            read_templates([main, *others], TemplateChannels(channels, named), public.redaction)
        )
        told = {one.name for one in broadcasts}
        told |= {one.name for one in maintenance if one.announce is not None}
        tests = self._take(read_tests(others, zone, rule_names, reach, actions, told))
        if settings is None or any(not problem.warning for problem in self.problems):
            return None
        host, _, port = settings.listen.rpartition(":")
        return Config(
            file=self.path,
            files=tuple(self.files),
            host=host.strip("[]"),
            port=int(port),
            public_url=public_url_of(settings),
            application_url=settings.application_url,
            plugins_dir=self.path.parent / settings.plugins_dir,
            rules_dir=self.path.parent / settings.rules_dir,
            catalog_dir=self.path.parent / settings.catalog_dir,
            limits=settings.limits,
            retention=settings.retention,
            scrub=settings.scrub,
            http=settings.http,
            projects=settings.projects,
            channels=channels,
            people=people,
            teams=teams,
            schedules=schedules,
            components=components,
            probes=probes,
            monitors=monitors,
            probes_at_once=settings.probes_at_once,
            actions=actions,
            rules=tuple(rules),
            classify=tuple(classify),
            routes=routes,
            inhibit_rules=tuple(inhibitions),
            time_intervals=intervals,
            maintenance=tuple(maintenance),
            escalations=escalations,
            correlations=tuple(correlations),
            tests=tuple(tests),
            timezone=zone,
            hold=float(settings.hold),
            snapshots=settings.snapshots,
            heartbeat=settings.heartbeat,
            fire_drills=drills,
            log=settings.log,
            status_page=status_page,
            clients=clients,
            tenants=tenants,
            broadcasts=tuple(broadcasts),
            templates=tuple(templates),
        )

    def _public(
        self, titles: dict[str, str], rules: list[RuleConfig], settings: MainFile | None
    ) -> Public:
        """What texts for clients may speak of."""
        known = known_components(self.main)
        own = (name for name in known if titles.get(name) != name)
        addresses = (
            [public_url_of(settings), settings.application_url] if settings is not None else []
        )
        names = [*own, *(rule.name for rule in rules)]
        redaction = Redaction(names=names, public=addresses)
        return Public(known=known, titles=titles, redaction=redaction)

    def _take(self, read: tuple[T, list[Problem]]) -> T:
        self.problems += read[1]
        return read[0]

    def _rules_files(self) -> list[Document]:
        """All of them, in the order of their names; each is checked on its own."""
        folder = folder_of(self.main, self.path, "rules_dir")
        if folder is None or not folder.is_dir():
            return []
        documents = []
        for file in sorted(folder.iterdir()):
            if file.suffix in _SUFFIXES and not file.name.startswith("."):
                self.files.append(file)
                document = self._take(load(file))
                if document:
                    documents.append(without_empty(document))
        for document in documents:
            self.problems += check(document, (), schema_of(RulesFile))
        return documents

    def _rules(self, documents: list[Document], names: Names) -> list[RuleConfig]:
        return [
            rule
            for document in documents
            for rule in self._take(read_rules(document, self.plugins, names))
        ]
