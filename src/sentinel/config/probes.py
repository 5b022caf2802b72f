"""Probes: reads them."""

from typing import Any

from msgspec.structs import replace

from sentinel.api import Params
from sentinel.config.document import Document
from sentinel.config.model import ProbeConfig
from sentinel.config.names import Names
from sentinel.config.problem import Problem
from sentinel.config.schema import Probe
from sentinel.config.tagged import Registry, Tagged, read_tagged
from sentinel.model.values import Duration

_OF_THE_TIMEOUT = 0.9
# What is degraded is at most down.
_SOFTER = "degraded_above"


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
            params = _params_of(tagged, item)
            problems += _never_down(document, tagged, params)
            probes.append(_probe(tagged, params))
    return tuple(probes), problems


def _timeout_of(tagged: Tagged[Probe]) -> float:
    given = tagged.common.timeout
    return float(tagged.plugin.timeout if given is None else given)


def _params_of(tagged: Tagged[Probe], item: dict[str, Any]) -> Params:
    """With a bound that leaves the probe the time to say that its target does not answer."""
    bound, params, timeout = tagged.plugin.bound, tagged.params, _timeout_of(tagged)
    if not bound or bound in item or getattr(params, bound) < timeout:
        return params
    most = Duration(round(timeout * _OF_THE_TIMEOUT, 3))
    softer = getattr(params, _SOFTER, most)
    lowered = {bound: most}
    if softer > most and _SOFTER not in item:
        lowered[_SOFTER] = most
    elif softer > most:
        lowered[bound] = softer
    if lowered[bound] >= timeout:
        return params
    try:
        return replace(params, **lowered)
    except (TypeError, ValueError):
        # A plugin may want its parameters in an order of its own. Then it is warned of.
        return params


def _never_down(document: Document, tagged: Tagged[Probe], params: Params) -> list[Problem]:
    bound, timeout = tagged.plugin.bound, _timeout_of(tagged)
    if not bound or getattr(params, bound) < timeout:
        return []
    return [
        document.problem(
            (*tagged.path, bound),
            "probe/never-down",
            found=str(getattr(params, bound)),
            expected=f"less than the timeout, {Duration(timeout)}",
            hint="a target that does not answer would be unknown, and never down",
            warning=True,
        )
    ]


def _probe(tagged: Tagged[Probe], params: Params) -> ProbeConfig:
    common, plugin = tagged.common, tagged.plugin
    return ProbeConfig(
        name=common.name,
        type=common.type,
        params=params,
        interval=float(plugin.interval if common.interval is None else common.interval),
        timeout=_timeout_of(tagged),
        retries=common.retries,
        component=common.component or common.name,
        code=common.code,
        tags=common.tags,
    )
