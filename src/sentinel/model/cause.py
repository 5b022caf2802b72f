"""Probable causes of an incident, and the evidence that they are ranked by.

Times are seconds since 1970 UTC.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from sentinel.model.alert import Incident
from sentinel.model.resolution import Similar, Tried
from sentinel.model.signal import Change, State

CauseKind = Literal["code", "component", "change", "correlation"]
Confidence = Literal["likely", "possible", "weak"]


class Candidate(Struct, frozen=True, kw_only=True):
    """Something that may have caused an incident.

    `score` is how probable that is, from 0 to 1; `reasons` say why, one short sentence each,
    without a capital and a full stop. `own` marks what the incident stands for already, such as
    its root; `reported` is false for what was only inferred, as nothing was heard of it. `url`
    leads to more. `confidence` is the score in a word; Sentinel fills it in.
    """

    kind: CauseKind
    name: str
    title: str = ""
    score: float
    reasons: tuple[str, ...]
    own: bool = False
    reported: bool = True
    url: str | None = None
    confidence: Confidence = "weak"


class Symptom(Struct, frozen=True, kw_only=True):
    """Alerts of one code (of one rule, without a code) and one tenant in one incident.

    `began` is when the first of them did. `services` are the services and components that their
    signals named; `subject` is the component whose state they tell of.
    """

    name: str
    code: str | None = None
    tenant: str | None = None
    environment: str | None = None
    incident: int
    began: float
    services: tuple[str, ...] = ()
    subject: str | None = None


class ComponentFact(Struct, frozen=True, kw_only=True):
    """The health of a component as it was heard last; `since` is when it became so."""

    name: str
    state: State
    since: float
    message: str = ""
    tenant: str | None = None
    environment: str | None = None


class Past(Struct, frozen=True, kw_only=True):
    """An incident like this one that is over. `code` is its root's, `codes` are those of all its
    alerts, `cause` is what a correlation found, `fix` what somebody said that fixed it.

    `held` says whether it stayed away afterwards; None while it is too early to say.
    """

    incident: int
    code: str | None = None
    codes: tuple[str, ...] = ()
    cause: str = ""
    fix: str | None = None
    held: bool | None = None
    resolved: float


class Evidence(Struct, frozen=True, kw_only=True):
    """All that is known around one incident.

    `symptoms` are the incident's own, and those of other incidents that began within five minutes
    of it. `effects` maps codes to all codes that they may bring about, near and far, as the catalog
    has it, for those that may have brought about a symptom, and `direct` to the near ones alone.
    `titles` are their titles, and the codes in `per_tenant` concern one tenant each. `seen` maps
    those without an alert to when the first error with them came within the same minutes.

    `depends_on` maps components to those that they need. `changes` were made in the hour before
    it began, the nearest first. `past` are similar incidents, the most similar first.
    """

    incident: Incident
    symptoms: tuple[Symptom, ...] = ()
    effects: Mapping[str, frozenset[str]] = {}
    direct: Mapping[str, tuple[str, ...]] = {}
    titles: Mapping[str, str] = {}
    per_tenant: frozenset[str] = frozenset()
    seen: Mapping[str, float] = {}
    components: tuple[ComponentFact, ...] = ()
    depends_on: Mapping[str, tuple[str, ...]] = {}
    changes: tuple[Change, ...] = ()
    past: tuple[Past, ...] = ()

    @property
    def own(self) -> tuple[Symptom, ...]:
        return tuple(one for one in self.symptoms if one.incident == self.incident.id)


class Findings(Struct, frozen=True, kw_only=True):
    """What is known behind an incident: its probable causes, the likeliest first; similar ones of
    the past, the most similar first; what fixed more than one of them, that which held most often
    first; the changes in the hour before it, the nearest first."""

    candidates: tuple[Candidate, ...] = ()
    similar: tuple[Similar, ...] = ()
    tried: tuple[Tried, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def fix(self) -> Similar | None:
        """The most similar one of which it is known what fixed it, and that this held."""
        return next((one for one in self.similar if one.fix and one.held), None)
