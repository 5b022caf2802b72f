"""What people are told of an update that is held: exactly what clients will read, how many they
are, and by when it can be stopped."""

import sqlite3
from collections.abc import Sequence

from sentinel.broadcasts.audience import size
from sentinel.intelligence.untrusted import clip, one_line, visible
from sentinel.intelligence.wording import clock_time
from sentinel.model.broadcast import Broadcast, Update
from sentinel.model.delivery import Choice, Delivery, Message, Verb
from sentinel.signing import Grant
from sentinel.store import broadcasts

_LONGEST_SUBJECT = 70
_CHOICES: tuple[Verb, ...] = ("publish", "veto")


def grants_of(update: int, who: str, expires: float) -> tuple[Grant, ...]:
    """What a person may do about an update that waits, by a link or a button, until then."""
    return tuple(Grant(verb, f"update:{update}", who, int(expires)) for verb in _CHOICES)


def choices_end(update: Update, lasts: float) -> float:
    """When the choices about an update run out: as soon as it goes out, or after `lasts` seconds
    for a draft. In seconds since 1970 UTC."""
    return update.publish_at if update.publish_at is not None else update.created + lasts


def compose_asking(
    conn: sqlite3.Connection,
    delivery: Delivery,
    public_url: str,
    now: float,
    choices: Sequence[Choice] = (),
) -> Message | None:
    """None where the update has been forgotten."""
    update = broadcasts.get_update(conn, delivery.update or 0)
    broadcast = broadcasts.get(conn, update.broadcast) if update else None
    if update is None or broadcast is None:
        return None
    url = f"{public_url}/broadcasts/{broadcast.id}"
    number = size(conn, broadcast, update)
    readers = "1 address" if number == 1 else f"{number:,} addresses"
    what = _what(update, now)
    subject = clip(f"{what}: {one_line(broadcast.title, 200)}", _LONGEST_SUBJECT)
    parts = [
        _lead(update, readers, now),
        f"{_phase(update)}: {one_line(broadcast.title, 200)}",
        "\n".join(f"    {line}" for line in visible(update.text).split("\n")),
        "\n".join(f"{choice.label}: {choice.url}" for choice in choices),
        f"{'Publish it now, change it or stop it' if update.waits else 'Open it'}: {url}",
    ]
    text = "\n\n".join(part for part in parts if part)
    stop = next((choice.url for choice in choices if choice.verb == "veto"), url)
    short = f"{subject}. {'Stop it: ' if update.waits else ''}{stop}"
    return Message(
        key=delivery.key,
        to=delivery.address,
        reason=delivery.reason,
        severity=delivery.severity,
        subject=subject,
        text=f"{text}\n",
        short=short,
        url=url,
        choices=tuple(choices),
        incident=broadcast.incident,
        payload=_payload(broadcast, update, delivery, subject, text),
    )


def _what(update: Update, now: float) -> str:
    if not update.waits:
        return "Told to clients" if update.state == "published" else "Not told to clients"
    if update.publish_at is None:
        return "Draft for clients"
    return f"Clients hear at {clock_time(update.publish_at, now)}"


def _lead(update: Update, readers: str, now: float) -> str:
    if update.state == "published":
        return f"This went out to {readers}."
    if update.state == "vetoed":
        return f"This was held for clients, and never goes out: {update.reason}."
    if update.publish_at is None:
        return f"This waits for somebody to publish it, to {readers} as things stand."
    at = clock_time(update.publish_at, now)
    return f"Unless somebody stops it, this goes out at {at} to {readers}, as things stand."


def _phase(update: Update) -> str:
    return update.phase.replace("_", " ").capitalize()


def _payload(
    broadcast: Broadcast, update: Update, delivery: Delivery, subject: str, text: str
) -> dict[str, object]:
    return {
        "version": 1,
        "type": "broadcast.held",
        "data": {
            "key": delivery.key,
            "severity": delivery.severity,
            "subject": subject,
            "summary": text,
            "broadcast": {"id": broadcast.id, "title": broadcast.title},
            "update": {
                "id": update.id,
                "phase": update.phase,
                "state": update.state,
                "text": update.text,
                "publish_at": update.publish_at,
            },
        },
    }
