"""From broadcasts to what clients read of them. Pure."""

from collections.abc import Iterable, Sequence

from sentinel.config.model_status import StatusPartConfig
from sentinel.intelligence.untrusted import one_line, visible
from sentinel.model.broadcast import Broadcast, Phase, Update
from sentinel.status.facts import Story, Told

_OVER: tuple[Phase, ...] = ("resolved", "completed", "retraction")
_NO_STAGE: tuple[Phase, ...] = ("correction", "postmortem")
_LONGEST_TITLE = 200


def story(
    broadcast: Broadcast, updates: Sequence[Update], parts: Iterable[StatusPartConfig]
) -> Story:
    """`updates` are the published ones, one at least, oldest first."""
    told = tuple(_told(updates, broadcast))
    ended = broadcast.ended
    over = next((one.at for one in told if one.stage in _OVER), None)
    if ended is None and told[-1].stage in _OVER:
        ended = over
    named = set(broadcast.components)
    return Story(
        id=broadcast.id,
        kind=broadcast.kind,
        title=one_line(broadcast.title, _LONGEST_TITLE) or "Untitled",
        severity=broadcast.severity,
        parts=tuple(one.id for one in parts if one.id in named or named & set(one.components)),
        updates=told,
        opened=told[0].at if broadcast.kind == "maintenance" else min(broadcast.opened, told[0].at),
        ended=ended,
        starts=broadcast.starts,
        ends=broadcast.ends,
    )


def window(found: Story, now: float) -> tuple[float, float] | None:
    """When the work was, or is, going on; None where it has not begun."""
    begun = next((one.at for one in found.updates if one.stage == "in_progress"), None)
    done = next((one.at for one in found.updates if one.stage in _OVER), found.ended)
    if begun is None:
        # Nobody said that it began: what was announced holds.
        if found.starts is None or found.starts > now or found.stage == "retraction":
            return None
        begun, done = found.starts, done if done is not None else found.ends
    end = now if done is None else min(done, now)
    return (begun, end) if end > begun else None


def is_working(found: Story, now: float) -> bool:
    """Whether announced work goes on at this moment."""
    if found.kind != "maintenance" or not found.is_open:
        return False
    if found.stage == "in_progress":
        return True
    begun = found.starts is not None and found.starts <= now
    return begun and (found.ends is None or now < found.ends)


def _told(updates: Sequence[Update], broadcast: Broadcast) -> Iterable[Told]:
    stage: Phase = "scheduled" if broadcast.kind == "maintenance" else "investigating"
    for update in updates:
        if update.phase not in _NO_STAGE:
            stage = update.phase
        yield Told(
            id=update.id,
            phase=update.phase,
            stage=stage,
            text=visible(update.text).strip(),
            at=update.created if update.published is None else update.published,
        )
