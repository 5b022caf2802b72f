"""What an answer must look like, and the first thing about it that does not."""

from collections.abc import Mapping, Sequence
from typing import Any

from sentinel.probes._regex import compiled
from sentinel.probes.http_json import MISSING, Unreadable, at, checked_path, document, quote


class Expectation:
    """Raises ValueError for a pattern, a status or a path that makes no sense."""

    def __init__(
        self,
        statuses: Sequence[int | str],
        contains: str | None,
        matches: str | None,
        json: Mapping[str, Any],
    ) -> None:
        self._ranges = [_range(status) for status in statuses]
        self._contains = contains
        self._pattern = compiled("matches", matches) if matches is not None else None
        self._matches = matches
        self._json = {checked_path("json", path): wanted for path, wanted in json.items()}

    @property
    def reads_body(self) -> bool:
        return bool(self._contains or self._pattern or self._json)

    def status_complaint(self, status: int) -> str | None:
        if any(low <= status <= high for low, high in self._ranges):
            return None
        wanted = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in self._ranges)
        return f"it answered {status}, expected {wanted}"

    def body_complaint(self, body: bytes, whole: bool) -> str | None:
        """`whole` is False where the body was longer than what was read of it."""
        text = body.decode(errors="replace")
        read = "the answer" if whole else f"the answer, up to byte {len(body)},"
        if self._contains is not None and self._contains not in text:
            return f"{read} does not contain {quote(self._contains)}"
        if self._pattern is not None and self._pattern.search(text) is None:
            return f"{read} does not match {quote(self._matches)}"
        return self._json_complaint(body, whole) if self._json else None

    def _json_complaint(self, body: bytes, whole: bool) -> str | None:
        try:
            answer = document(body, whole)
        except Unreadable as error:
            return str(error)
        for path, wanted in self._json.items():
            found = at(answer, path)
            if found is MISSING:
                return f"the answer has no {path}"
            if found != wanted or isinstance(found, bool) is not isinstance(wanted, bool):
                return f"{path} is {quote(found)}, expected {quote(wanted)}"
        return None


def _range(status: int | str) -> tuple[int, int]:
    """`200` or `200-299`."""
    low, dash, high = str(status).partition("-")
    if low.isdecimal() and (high.isdecimal() if dash else not high):
        first, last = int(low), int(high or low)
        if 100 <= first <= last <= 599:
            return first, last
    raise ValueError(f"`expect_status`: expected 200 or 200-299, found {status!r}")
