"""Times as they are given on the command line."""

from datetime import UTC, datetime

import typer

from sentinel.model.values import Duration


def moment(text: str, option: str, now: float) -> float:
    """A time of RFC 3339, in UTC where it names no zone, or how long ago: `10m`, `2h ago`.

    Seconds since 1970 UTC. Raises BadParameter with what was expected.
    """
    try:
        return now - Duration.parse(text.removesuffix("ago").strip())
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{option}: found {text!r}, expected a time such as 2026-11-01T08:00Z, or how long "
            "ago, such as 10m"
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
