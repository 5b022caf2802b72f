"""Saying what fixed an incident."""

import sqlite3

from sentinel.errors import Invalid
from sentinel.ingest.scrub import Scrubber
from sentinel.model.resolution import Resolution
from sentinel.store import alerts, past, resolutions

LONGEST = 600


def note_fix(
    conn: sqlite3.Connection, incident: int, text: str, author: str, now: float, scrubber: Scrubber
) -> Resolution | None:
    """Keep what a person says, without its secrets; an empty text takes back what was said.

    Raises Invalid for an incident that there is not or that is not over, and for a text that is
    too long.
    """
    found = alerts.get_incident(conn, incident)
    if found is None:
        raise Invalid(f"found no incident {incident}: `sentinel incidents` lists them")
    if found.state != "resolved":
        raise Invalid(
            f"found incident {incident} {found.state}, expected one that is over: "
            "say what fixed it once it is"
        )
    text = " ".join(text.split())
    if len(text) > LONGEST:
        raise Invalid(f"found {len(text)} characters, expected at most {LONGEST}")
    if text:
        clean: str = scrubber.clean({"text": text})["text"]
        resolution = Resolution(incident=incident, text=clean, author=author, at=now)
        resolutions.put(conn, resolution)
    else:
        resolutions.remove(conn, incident)
    past.remember(conn, found)
    return resolutions.get(conn, incident)
