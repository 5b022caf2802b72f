"""Which tests would show that what an incident is about has been mended.

The catalog names probes, components, channels or their types (`test:` of an entry); what the alerts
themselves name adds to that. Nobody is offered an action that changes anything.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sentinel.config.model import Config
from sentinel.intelligence.catalog import Catalog
from sentinel.model.alert import Alert, Incident
from sentinel.model.cause import Candidate

_MOST = 3


def proofs(
    config: Config,
    catalog: Catalog,
    incident: Incident,
    alerts: Iterable[Alert],
    *,
    suspect: Candidate | None = None,
    tags: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """The names of up to three actions, the most telling first: of what is suspected, of what the
    root's rule or the catalog says that proves it, of the component that the root is about. `tags`
    are those of the latest error."""
    root = next((one for one in alerts if one.id == incident.root), None)
    said = {**(tags or {}), **(_said_by(root) if root else {})}
    found: list[str] = []
    if suspect is not None and suspect.kind == "code":
        found += _of_code(config, catalog, suspect.name, said)
    elif suspect is not None and suspect.kind == "component":
        found += _probes(config, suspect.name)
    found += _of_rule(config, root)
    found += _of_code(config, catalog, incident.code, said)
    found += _of_what_is_said(config, said)
    return tuple(one for one in dict.fromkeys(found) if one in config.actions)[:_MOST]


def _said_by(alert: Alert) -> dict[str, str]:
    return {**alert.about, **alert.labels, **alert.key}


def _of_rule(config: Config, root: Alert | None) -> Iterator[str]:
    """The probe that proves the rule's own repair."""
    for rule in config.rules:
        if root is not None and rule.name == root.rule and rule.remediate is not None:
            verify = rule.remediate.verify
            if verify is not None and verify.probe is not None:
                yield f"test:probe:{verify.probe}"


def _of_code(
    config: Config, catalog: Catalog, code: str | None, said: Mapping[str, str]
) -> Iterator[str]:
    entry = catalog.get(code)
    for word in entry.test if entry else ():
        action = config.actions.get(word)
        if action is not None and not action.changes:
            yield word
        yield from _probes(config, word) or _near(config, word, said)
        yield from _channels(config, word)


def _of_what_is_said(config: Config, said: Mapping[str, str]) -> Iterator[str]:
    """Sentinel's own errors name their probe or channel, alerts on statuses their component."""
    if "probe" in said:
        yield f"test:probe:{said['probe']}"
    if "channel" in said:
        yield f"test:channel:{said['channel']}"
    if "component" in said:
        yield from _probes(config, said["component"])


def _probes(config: Config, name: str) -> list[str]:
    """Those of this name, or that look at the component of this name."""
    return [f"test:probe:{one.name}" for one in config.probes if name in (one.name, one.component)]


def _near(config: Config, type: str, said: Mapping[str, str]) -> Sequence[str]:
    """Those of a type; if any of them look at the component in question, these alone."""
    alike = [one for one in config.probes if one.type == type]
    near = [one for one in alike if one.component == said.get("component")]
    return [f"test:probe:{one.name}" for one in near or alike]


def _channels(config: Config, word: str) -> list[str]:
    """The one of this name, or else all of this type."""
    named = [word] if word in config.channels else []
    alike = [one.name for one in config.channels.values() if one.type == word]
    return [f"test:channel:{one}" for one in named or alike]
