"""Probes: reads them."""

from sentinel.config.document import Document
from sentinel.config.model import ProbeConfig
from sentinel.config.names import Names
from sentinel.config.problem import Problem
from sentinel.config.schema import Probe
from sentinel.config.tagged import Registry, Tagged, read_tagged


def read_probes(
    document: Document, registry: Registry
) -> tuple[tuple[ProbeConfig, ...], list[Problem]]:
    """Those that are right in themselves, in order."""
    names = Names("probe")
    probes: list[ProbeConfig] = []
    problems: list[Problem] = []
    for index, item in enumerate(document.items("probes")):
        path = ("probes", index)
        if isinstance(item, dict):
            problems += names.add(document, (*path, "name"), item.get("name"))
        tagged, found = read_tagged(document, path, "probe", Probe, registry)
        problems += found
        if tagged:
            common = tagged.common
            problems += document.positive(path, interval=common.interval, timeout=common.timeout)
            probes.append(_probe(tagged))
    return tuple(probes), problems


def _probe(tagged: Tagged[Probe]) -> ProbeConfig:
    common, plugin = tagged.common, tagged.plugin
    return ProbeConfig(
        name=common.name,
        type=common.type,
        params=tagged.params,
        interval=float(plugin.interval if common.interval is None else common.interval),
        timeout=float(plugin.timeout if common.timeout is None else common.timeout),
        retries=common.retries,
        component=common.component or common.name,
        tags=common.tags,
    )
