"""Everything that an operator has put in place: configuration, plugins and catalog, read and
checked together."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from sentinel.causes import CauseFinder
from sentinel.clock import Clock, SystemClock
from sentinel.config.loader import load_config, plugins_dir_of
from sentinel.config.model import Config
from sentinel.config.problem import Problem
from sentinel.config.settings import url_of
from sentinel.config.suggest import show
from sentinel.data import shipped
from sentinel.errors import ConfigError
from sentinel.ingest.scrub import Scrubber
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.catalog_files import load_catalog
from sentinel.model.override import Override
from sentinel.pipeline import Setup
from sentinel.plugins import Registry, load
from sentinel.wiring import build_book, build_classifier


class Installation(Struct, frozen=True):
    config: Config
    registry: Registry
    catalog: Catalog

    def cause_finder(self) -> CauseFinder:
        needs = {name: one.depends_on for name, one in self.config.components.items()}
        return CauseFinder(self.catalog, self.registry.all("ranker"), needs)

    def setup(self, scrub_key: bytes) -> Setup:
        """What the pipeline runs with. `scrub_key` keys the hashes of users."""
        return Setup(
            config=self.config,
            catalog=self.catalog,
            classifier=build_classifier(self.config),
            scrubber=Scrubber(self.config.scrub, key=scrub_key),
            scrubbers={
                name: Scrubber(project.scrub, key=scrub_key)
                for name, project in self.config.projects.items()
                if project.scrub
            },
            book=build_book(self.config, self.registry, self.catalog),
            finder=self.cause_finder(),
        )


def read(
    path: Path,
    env: Mapping[str, str],
    clock: Clock | None = None,
    rules_dir: Path | None = None,
    overrides: Iterable[Override] = (),
) -> tuple[Installation | None, list[Problem]]:
    """Every problem of all files at once, as of the clock's time, or the system's.

    No installation where configuration or catalog have one that is more than a warning. A plugin
    that does not load takes nobody else down: only a configuration that needs it is refused.
    `rules_dir` goes before the configuration's own, and `overrides` of schedules before those of
    the files.
    """
    registry, of_plugins = load(plugins_dir_of(path, env))
    now = (clock or SystemClock()).now()
    config, of_config = load_config(path, registry, env, now, rules_dir, overrides)
    folders = [shipped("catalog")] + ([config.catalog_dir] if config else [])
    catalog, of_catalog = load_catalog(folders)
    problems = sorted({*of_plugins, *of_config, *of_catalog})
    if config is None or catalog is None:
        return None, problems
    problems += _misspelt_codes(config, catalog)
    return Installation(config, registry, catalog), problems


def _misspelt_codes(config: Config, catalog: Catalog) -> Iterator[Problem]:
    """A rule for a code that is nearly one of the catalog's would wait for ever. Others are let
    through: an application's codes need no entry."""
    for rule in config.rules:
        found = rule.where.get("code")
        for code in found if isinstance(found, list) else [found]:
            if not isinstance(code, str) or code in catalog.entries:
                continue
            for meant in get_close_matches(code, catalog.entries, n=1, cutoff=0.9):
                yield Problem(
                    file=rule.file,
                    line=rule.line,
                    id="rule/unknown-code",
                    path=f"{rule.name}.where.code",
                    found=f"the code {show(code)}, of which the catalog does not know",
                    expected="a code of the catalog",
                    hint=f"did you mean {meant}?",
                    warning=True,
                )


def require(
    path: Path, env: Mapping[str, str], listen: tuple[str, int] | None = None
) -> tuple[Installation, list[Problem]]:
    """The installation and its warnings. Raises ConfigError with every problem.

    `listen`, from the command line, goes before the configuration's own.
    """
    installation, problems = read(path, env)
    if installation is None:
        raise ConfigError(listed(problems))
    if listen is not None:
        installation = replace(installation, config=listening_on(installation.config, *listen))
    return installation, problems


def listening_on(config: Config, host: str, port: int) -> Config:
    """A public URL that was derived from the address follows it; one that was given stays."""
    derived = config.public_url == url_of(config.host, config.port)
    url = url_of(host, port) if derived else config.public_url
    return replace(config, host=host, port=port, public_url=url)


def listed(problems: Iterable[Problem]) -> str:
    """What a configuration was refused for. Warnings refuse none: `sentinel check` tells them."""
    lines = [str(problem) for problem in problems if not problem.warning]
    return "\n".join([f"the configuration was refused ({len(lines)} found):", *lines])
