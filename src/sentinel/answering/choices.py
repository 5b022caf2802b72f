"""What the reader of a message may do without signing in."""

from collections.abc import Sequence

from sentinel.broadcasts.asking import choices_end, grants_of
from sentinel.model.alert import Incident
from sentinel.model.broadcast import Update
from sentinel.model.delivery import Choice, Delivery, Reason, Verb
from sentinel.signing import Grant, Purpose, Signer

LASTS = 3 * 86_400.0
"""How long the links of a message work, in seconds."""

_ASKED: tuple[Reason, ...] = (
    "firing",
    "assigned",
    "cause_found",
    "remedy_failed",
    "reminder",
    "ack_expiring",
)
_LABELS: dict[Verb, str] = {
    "acknowledge": "Acknowledge",
    "escalate": "Escalate",
    "resolve": "Resolve",
    "publish": "Publish now",
    "veto": "Stop it",
}


class ChoiceMaker:
    """`url` is the public address of this installation, without a slash at its end."""

    def __init__(self, signer: Signer, url: str) -> None:
        self._signer = signer
        self._url = url

    def of_incident(
        self, delivery: Delivery, incident: Incident, others: Sequence[Incident]
    ) -> tuple[Choice, ...]:
        """A message that tells of several incidents has one that takes them all."""
        still = [one for one in (incident, *others) if one.state != "resolved"]
        if not still or delivery.reason not in (*_ASKED, "acknowledged"):
            return ()
        expires = delivery.created + LASTS
        if others:
            free = [one for one in still if one.state == "open"]
            label = f"Acknowledge all {len(free):,}" if len(free) > 1 else "Acknowledge"
            object = f"delivery:{delivery.id}"
            return (self._choice("acknowledge", object, delivery, expires, label),) if free else ()
        verbs: list[Verb] = ["escalate", "resolve"]
        if incident.state == "open" or delivery.reason == "ack_expiring":
            verbs.insert(0, "acknowledge")
        object = f"incident:{incident.id}"
        return tuple(self._choice(verb, object, delivery, expires) for verb in verbs)

    def of_update(self, delivery: Delivery, update: Update | None) -> tuple[Choice, ...]:
        if update is None or not update.waits:
            return ()
        until = choices_end(update, LASTS)
        grants = grants_of(update.id, delivery.person or "", until)
        return tuple(self._made(grant, _LABELS[_verb(grant.purpose)]) for grant in grants)

    def _choice(
        self, verb: Verb, object: str, delivery: Delivery, expires: float, label: str = ""
    ) -> Choice:
        grant = Grant(verb, object, delivery.person or "", int(expires))
        return self._made(grant, label or _LABELS[verb])

    def _made(self, grant: Grant, label: str) -> Choice:
        token = self._signer.sign(grant)
        return Choice(
            verb=_verb(grant.purpose), label=label, token=token, url=f"{self._url}/a/{token}"
        )


def _verb(purpose: Purpose) -> Verb:
    assert purpose in _LABELS, purpose
    return purpose
