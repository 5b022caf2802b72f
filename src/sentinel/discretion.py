"""What may be written into logs and the store of what others wrote."""

import re

from sentinel.model.values import hidden

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONGEST = 500


def masked(address: str) -> str:
    """Enough of an address to recognise it: `a…@example.com`, `…89`."""
    local, at, domain = address.rpartition("@")
    if at:
        return f"{local[:1]}…@{domain}"
    return f"…{address[-2:]}" if len(address) > 4 else "…" if address else ""


def presentable(text: str, secrets: tuple[str, ...]) -> str:
    """One bounded line without control characters, with the channel's secrets taken out."""
    line = _CONTROL.sub(" ", hidden(text, secrets)).strip()
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
