"""Silences: what is kept quiet, by whom and for how long; a new one, seen before it is set."""

import sqlite3
from collections.abc import Sequence

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.errors import Invalid
from sentinel.model.silence import Silence
from sentinel.silencing import Preview, Times, checked, matchers_for, preview_of
from sentinel.store import alerts, silences
from sentinel.web.numbers import number_in
from sentinel.web.silencing import end_silence, put_silence
from sentinel.web.visit import Visit, signed_in

SPANS = ("30m", "1h", "2h", "4h", "8h", "1d", "3d", "1w")
_USUAL = "2h"
_MOST_OVER = 20


class Draft(Struct, frozen=True):
    """The form as it is filled in: one matcher a line. `other` is a length that is not offered,
    and goes before the one that is chosen."""

    matchers: str = ""
    chosen: str = _USUAL
    other: str = ""
    comment: str = ""

    @property
    def lasts(self) -> str:
        return self.other.strip() or self.chosen


async def _list(visit: Visit) -> Response:
    lasting, over = await visit.read(
        lambda conn: (
            silences.lasting(conn, visit.now),
            silences.listing(conn, visit.now, state="expired", limit=_MOST_OVER),
        )
    )
    return await visit.render("silences.html", lasting=lasting[::-1], over=over, now=visit.now)


async def _new(visit: Visit) -> Response:
    draft = await visit.read(lambda conn: _begun(conn, visit))
    return await _show_form(visit, draft)


async def _look(visit: Visit) -> Response:
    """Sets nothing: it shows what would be kept quiet, and asks."""
    draft = _draft(visit)
    try:
        asked = _asked(visit, draft)
    except Invalid as error:
        return await _show_form(visit, draft, refusal=str(error), status=422)
    preview = await visit.read(lambda conn: preview_of(conn, asked.matchers, visit.now))
    return await _show_form(visit, draft, asked=asked, preview=preview)


async def _set(visit: Visit) -> Response:
    draft = _draft(visit)
    try:
        await put_silence(visit.services, _asked(visit, draft), visit.user.name)
    except Invalid as error:
        return await _show_form(visit, draft, refusal=str(error), status=422)
    return RedirectResponse("/silences?done=silenced", 303)


async def _end(visit: Visit) -> Response:
    number = visit.number("id")
    silence = await visit.find(lambda conn: silences.get(conn, number), "silence")
    if silence.state_at(visit.now) == "expired":
        return RedirectResponse("/silences?done=silence-over", 303)
    await end_silence(visit.services, silence, visit.user.name)
    return RedirectResponse("/silences?done=silence-ended", 303)


async def _show_form(
    visit: Visit,
    draft: Draft,
    *,
    asked: Silence | None = None,
    preview: Preview | None = None,
    refusal: str = "",
    status: int = 200,
) -> Response:
    return await visit.render(
        "silence_new.html",
        status=status,
        draft=draft,
        spans=SPANS,
        asked=asked,
        preview=preview,
        refusal=refusal,
    )


def _begun(conn: sqlite3.Connection, visit: Visit) -> Draft:
    """From an alert, an incident's alerts that are not over, or a silence that was set before.
    Answers with 404 where there is none of that number."""
    for name, matchers_of in (
        ("alert", _of_alert),
        ("incident", _of_incident),
        ("like", _of_silence),
    ):
        given = visit.query(name)
        if given:
            number = number_in(given)
            found = None if number is None else matchers_of(conn, number)
            if found is None:
                what = "silence" if name == "like" else name
                raise HTTPException(404, f"There is no such {what}, or it has been forgotten.")
            return Draft(matchers="\n".join(found))
    return Draft()


def _of_alert(conn: sqlite3.Connection, number: int) -> Sequence[str] | None:
    alert = alerts.get(conn, number)
    return None if alert is None else matchers_for([alert])


def _of_incident(conn: sqlite3.Connection, number: int) -> Sequence[str] | None:
    own = alerts.of_incident(conn, number)
    if not own:
        return None
    return matchers_for([alert for alert in own if alert.active] or own)


def _of_silence(conn: sqlite3.Connection, number: int) -> Sequence[str] | None:
    silence = silences.get(conn, number)
    return None if silence is None else silence.matchers


def _draft(visit: Visit) -> Draft:
    form = visit.form
    return Draft(
        form.get("matchers", ""),
        form.get("for", "") or _USUAL,
        form.get("other", ""),
        form.get("comment", ""),
    )


def _asked(visit: Visit, draft: Draft) -> Silence:
    return checked(
        [line.strip() for line in draft.matchers.splitlines() if line.strip()],
        Times(lasts=draft.lasts),
        author=visit.user.name,
        comment=draft.comment,
        now=visit.now,
    )


routes = [
    Route("/silences", signed_in(_list), methods=["GET"]),
    Route("/silences", signed_in(_set, "responder"), methods=["POST"]),
    Route("/silences/new", signed_in(_new, "responder")),
    # An open page asks for its own address again to stay up to date, and a reader may reload it.
    Route("/silences/preview", signed_in(_new, "responder"), methods=["GET"]),
    Route("/silences/preview", signed_in(_look, "responder"), methods=["POST"]),
    Route("/silences/{id:number}/end", signed_in(_end, "responder"), methods=["POST"]),
]
