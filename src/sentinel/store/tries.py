"""The attempts of a delivery that failed."""

import sqlite3

import msgspec
from msgspec import Struct

MOST = 20
"""How many failures a delivery remembers: the first and the latest ones."""

NOTED = (
    f"failures = json_insert(iif(json_array_length(failures) >= {MOST},"
    " json_remove(failures, '$[1]'), failures), '$[#]',"
    " json_object('at', :now, 'error', substr(:error, 1, 300)))"
)
"""Sets the column of a row whose attempt failed at `:now` with `:error`."""


class Failure(Struct, frozen=True):
    """An attempt that failed, in seconds since 1970 UTC."""

    at: float
    error: str


_decode = msgspec.json.Decoder(list[Failure]).decode


def failures(conn: sqlite3.Connection, id: int) -> list[Failure]:
    """Oldest first. Of very many some in the middle are left out."""
    row = conn.execute("SELECT failures FROM deliveries WHERE id = ?", (id,)).fetchone()
    return [] if row is None else _decode(row["failures"])
