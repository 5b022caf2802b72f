"""Components: reads them."""

from collections.abc import Iterator, Mapping

from sentinel.config.document import Document
from sentinel.config.model import ComponentConfig, Config
from sentinel.config.names import unknown_name
from sentinel.config.problem import Problem
from sentinel.config.schema_health import Component
from sentinel.config.validation import read_record


def read_components(
    document: Document,
) -> tuple[dict[str, ComponentConfig], list[Problem]]:
    """Those that are right in themselves, by name. The schema's own problems are not told."""
    known = known_components(document)
    components: dict[str, ComponentConfig] = {}
    problems: list[Problem] = []
    for name in document.section("components"):
        path = ("components", name)
        record, _ = read_record(document, path, Component)
        if record is None:
            continue
        problems += document.positive(path, silent_after=record.silent_after)
        for index, needed in enumerate(record.depends_on):
            if needed not in known:
                here = (*path, "depends_on", index)
                problems.append(unknown_name(document, here, "component", needed, known))
        silent_after = record.silent_after
        components[name] = ComponentConfig(
            name=name,
            title=record.title or name,
            group=record.group,
            depends_on=tuple(dict.fromkeys(record.depends_on)),
            slo=record.slo,
            silent_after=None if silent_after is None else float(silent_after),
        )
    return components, [*problems, *_circles(document, components)]


def known_components(document: Document) -> set[str]:
    """The names of those that are listed and of those that probes look at."""
    return {*document.section("components"), *_of_probes(document)}


def known_components_of(config: Config) -> set[str]:
    """The same of a configuration that was read."""
    return {*config.components, *(probe.component for probe in config.probes)}


def _of_probes(document: Document) -> Iterator[str]:
    for item in document.items("probes"):
        named = item.get("component") or item.get("name") if isinstance(item, dict) else None
        if isinstance(named, str):
            yield named


def _circles(document: Document, components: Mapping[str, ComponentConfig]) -> Iterator[Problem]:
    """Each circle once, told at the first of its components in the file."""
    told: set[frozenset[str]] = set()
    for name in components:
        circle = _circle_of(name, components)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            yield document.problem(
                ("components", name, "depends_on"),
                "component/cycle",
                found=" -> ".join((*circle, name)),
                expected="components that do not need themselves",
                hint="take out the one that can do without the next",
            )


def _circle_of(name: str, components: Mapping[str, ComponentConfig]) -> tuple[str, ...]:
    """The shortest way from a component to one that needs it; empty where there is none."""
    waiting: list[tuple[str, ...]] = [(name,)]
    seen = {name}
    for way in waiting:
        for needed in components[way[-1]].depends_on if way[-1] in components else ():
            if needed == name:
                return way
            if needed not in seen:
                seen.add(needed)
                waiting.append((*way, needed))
    return ()
