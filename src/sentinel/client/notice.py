"""The report that tells the server how many others it will never see."""

import uuid
from collections.abc import Iterator, Mapping

from sentinel.client.reports import Report

CODE = "SENTINEL_CLIENT_DROPPED"
_SHARED = ("at", "environment", "release", "service", "host", "platform")


def drop_notice(counts: Mapping[str, int], sample: Report) -> Iterator[Report]:
    """None, or one report with the counts by reason; where it comes from is as in `sample`."""
    if not counts:
        return
    reasons = ", ".join(f"{count} because {reason}" for reason, count in counts.items())
    fields = {key: sample.fields.get(key) for key in _SHARED}
    yield Report(
        {
            **fields,
            "id": uuid.uuid4().hex,
            "code": CODE,
            "type": CODE,
            "level": "warning",
            "message": f"{sum(counts.values())} errors were not reported: {reasons}",
            "extra": {"dropped": dict(counts)},
        }
    )
