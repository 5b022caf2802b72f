"""How long a provider wants to be left alone."""

from email.utils import parsedate_to_datetime


def seconds_of(header: str, now: float) -> float | None:
    """RFC 9110, 10.2.3: a number of seconds, of which some give a fraction, or a date. None for
    anything else."""
    if header.isascii() and header.replace(".", "", 1).isdigit():
        return float(header[:12])
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except (ValueError, OverflowError):
        return None
