"""Deploys and other changes."""

from typing import Annotated

from msgspec import Meta, Struct
from starlette.exceptions import HTTPException

from sentinel.model.signal import Change
from sentinel.store import changes
from sentinel.web.api.call import Call, Endpoint, Listing, page_of
from sentinel.web.api.errors import Cursor, Limit
from sentinel.web.paging import place_of, position


class ChangeQuery(Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=300, description="In what it says of itself.")] = ""
    kind: Annotated[str, Meta(max_length=64, description="Such as deploy or release.")] = ""
    cursor: Cursor | None = None
    limit: Limit = 50


async def _list(call: Call) -> Listing[Change]:
    query: ChangeQuery = call.query
    before = None if query.cursor is None else position(query.cursor)
    if query.cursor is not None and before is None:
        raise HTTPException(400, "cursor: expected the `next` of the page before")
    found = await call.read(
        lambda conn: changes.search(
            conn, text=query.text, kind=query.kind, before=before, limit=query.limit + 1
        )
    )
    return page_of(found, query.limit, lambda change: place_of(change.at, change.seq))


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/changes",
        summary="Deploys, releases and other changes, the latest first",
        handler=_list,
        query=ChangeQuery,
        reply=Listing[Change],
    ),
)
