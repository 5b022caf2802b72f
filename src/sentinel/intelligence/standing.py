"""Where an alert stands among causes and effects: root or cascade, of what, and what it broke."""

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.causes import because, suspect
from sentinel.intelligence.untrusted import one_line
from sentinel.model.alert import Alert, Incident
from sentinel.model.cause import Candidate

_MOST_NAMED = 3
_MOST = 20
_NAME = 120


class Standing(Struct, frozen=True, kw_only=True):
    """`of` is what it is a cascade of. `caused` are the codes (or rules) that broke because of it,
    `services` the services and components named by what fails in the incident, `features` what no
    longer works, by the catalog. `suspected` is what probably stands behind it, where no alert says
    so. `sentence` tells it in plain words.
    """

    role: Literal["root", "cascade"]
    incident: int
    of: str | None = None
    caused: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    suspected: str | None = None
    sentence: str


def standing_of(
    alert: Alert,
    incident: Incident,
    alerts: Iterable[Alert],
    catalog: Catalog,
    candidates: Sequence[Candidate] = (),
) -> Standing:
    """`alerts` are all of the incident."""
    own = list(alerts)
    codes = dict.fromkeys(one.code for one in own if one.code)
    entries = [entry for code in codes if (entry := catalog.get(code))]
    behind = suspect(candidates)
    is_cascade = alert.cascade is not None
    # What one effect broke beside the others is not known; only the root's share is.
    caused = () if is_cascade else _distinct(one.code or one.rule for one in own if one.cascade)
    of = None
    if is_cascade:
        by_code = alert.cascade in (incident.code, incident.suspect)
        of = alert.cascade if by_code else one_line(incident.title, _NAME)
    return Standing(
        role="cascade" if is_cascade else "root",
        incident=incident.id,
        of=of,
        caused=caused,
        services=_distinct(place for one in own for place in _places(one)),
        features=_distinct(feature for entry in entries for feature in entry.impact.features),
        suspected=behind.name if behind else None,
        sentence=_sentence(alert, incident, of, caused, behind),
    )


def _sentence(
    alert: Alert,
    incident: Incident,
    of: str | None,
    caused: Sequence[str],
    behind: Candidate | None,
) -> str:
    if alert.cascade is not None and alert.cascade == incident.suspect:
        text = f"A cascade, it seems, of {of}, which reports nothing"
    elif alert.cascade is not None:
        text = f"A cascade: {of} brought it about"
        if alert.cascade != incident.code:
            text += f", as the correlation {alert.cascade} says"
    elif caused:
        text = f"The root cause: it brought about {_named(caused)}"
    else:
        text = "The root: no known cause of it fires, and nothing else broke because of it"
    if incident.cause:
        return f"{text}. A correlation found behind it: {one_line(incident.cause, _NAME)}."
    return f"{text}. Probably because of {because(behind)}." if behind else f"{text}."


def _named(names: Sequence[str]) -> str:
    shown = list(names[:_MOST_NAMED])
    if len(names) > _MOST_NAMED:
        shown.append(f"{len(names) - _MOST_NAMED} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _places(alert: Alert) -> Iterable[str]:
    said = {**alert.about, **alert.key, **alert.labels}
    return (one_line(said[name], _NAME) for name in ("service", "component") if said.get(name))


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))[:_MOST]
