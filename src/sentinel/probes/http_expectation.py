"""What an answer must look like, and the first thing about it that does not."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from sentinel.probes._regex import compiled

LONGEST_QUOTE = 60
_MISSING = object()


class Expectation:
    """Raises ValueError for a pattern or a status that makes no sense."""

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
        self._json = json

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
            return f"{read} does not contain {_quote(self._contains)}"
        if self._pattern is not None and self._pattern.search(text) is None:
            return f"{read} does not match {_quote(self._matches)}"
        if not self._json:
            return None
        if not whole:
            return f"the answer is longer than {len(body)} bytes, too long to be read as JSON"
        return self._json_complaint(body)

    def _json_complaint(self, body: bytes) -> str | None:
        try:
            document = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            return (
                f"the answer is not JSON: it begins {_quote(body[:200].decode(errors='replace'))}"
            )
        for path, wanted in self._json.items():
            found = _at(document, path)
            if found is _MISSING:
                return f"the answer has no {path}"
            if found != wanted or isinstance(found, bool) is not isinstance(wanted, bool):
                return f"{path} is {_quote(found)}, expected {_quote(wanted)}"
        return None


def _range(status: int | str) -> tuple[int, int]:
    """`200` or `200-299`."""
    low, dash, high = str(status).partition("-")
    if low.isdecimal() and (high.isdecimal() if dash else not high):
        first, last = int(low), int(high or low)
        if 100 <= first <= last <= 599:
            return first, last
    raise ValueError(f"`expect_status`: expected 200 or 200-299, found {status!r}")


def _at(document: Any, path: str) -> Any:
    """`checks.0.name`: keys of objects, and positions in lists."""
    for step in path.split("."):
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return _MISSING
    return document


def _quote(value: object) -> str:
    text = msgspec.json.encode(value).decode(errors="replace")
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
