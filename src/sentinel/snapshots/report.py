"""A regression as an error of Sentinel's own project, so that rules find it as any other."""

from sentinel.intelligence.untrusted import one_line
from sentinel.intelligence.wording import clock_time, span
from sentinel.model.signal import Error
from sentinel.snapshots.comparison import Comparison
from sentinel.snapshots.gathering import CODE

_WORST = 3
_MOST = 30


def error_of(found: Comparison, public_url: str) -> Error:
    """Its message is one sentence with the worst three differences; the payload has both sides,
    all differences, the changes between and what to do. The tag `worse` names the categories."""
    assert found.before is not None
    before, after = found.before, found.after
    worse = found.worse
    url = f"{public_url}/snapshots/{after.id}"
    return Error(
        code=CODE,
        message=_sentence(found),
        level="error",
        url=url,
        tags={
            "before": str(before.id),
            "after": str(after.id),
            "minutes_since_good": str(found.minutes),
            "worst": worse[0].subject if worse else "",
            "worse": ",".join(sorted({one.category for one in worse})),
        },
        # All of them are one group, whatever is worse.
        payload={
            "fingerprint": ["a regression since the last known good snapshot"],
            "extra": {
                "before": _side(before.id, before.at, before.overall),
                "after": _side(after.id, after.at, after.overall),
                "minutes_since_good": found.minutes,
                "differences": [
                    f"{one.severity}, {one.category}: {one.sentence}" for one in worse[:_MOST]
                ],
                "changes": [f"{one.kind}: {one_line(one.summary)}" for one in found.changes],
                "actions": found.actions,
            },
        },
    )


def _sentence(found: Comparison) -> str:
    assert found.before is not None
    since = clock_time(found.before.at, found.after.at)
    passed = span(found.after.at - found.before.at)
    worse = [one.sentence for one in found.worse]
    told = "; ".join(worse[:_WORST]) or "it has just become better, and is watched"
    more = f"; and {len(worse) - _WORST} more" if len(worse) > _WORST else ""
    changed = f". Changed since: {one_line(found.changes[0].summary)}" if found.changes else ""
    return f"worse than at {since}, {passed} ago: {told}{more}{changed}"


def _side(number: int, at: float, overall: str) -> dict[str, object]:
    return {"snapshot": number, "at": at, "overall": overall}
