"""What to do first: mend what is probably behind it, then what the catalog says of it itself."""

from collections.abc import Sequence

from sentinel.intelligence.catalog import Entry
from sentinel.intelligence.untrusted import one_line
from sentinel.model.alert import Alert
from sentinel.model.cause import Candidate

WEB = ("https://", "http://")
_NAME = 120


def advice(
    entry: Entry | None,
    *,
    suspect: Candidate | None = None,
    behind: Entry | None = None,
    cause: str = "",
    runbook: str | None = None,
    otherwise: str = "",
) -> list[str]:
    """Steps, the first one first. `entry` is the catalog's on the incident's own code and `behind`
    that on the suspect's. `cause` is what a correlation found at the root; `otherwise` stands where
    nothing else is known."""
    steps: list[str] = []
    if suspect is not None:
        steps.append(_look_at(suspect, behind))
    elif cause:
        name = one_line(cause, _NAME)
        steps.append(f"Look at {name}, which seems to be the cause, and take it back if you can.")
    own: Sequence[str] = entry.fix if entry else ()
    if not own and runbook:
        own = (f"Follow the runbook: {runbook}",)
    return [*steps, *own] or [otherwise]


def runbook_of(root: Alert | None) -> str | None:
    """From the rule's annotations, which may hold text from outside: only a web address."""
    annotations = root.annotations if root else {}
    found = annotations.get("runbook") or annotations.get("runbook_url") or ""
    return found if found.startswith(WEB) and not any(c.isspace() for c in found) else None


def _look_at(suspect: Candidate, behind: Entry | None) -> str:
    name = one_line(suspect.name, _NAME)
    if behind is not None:
        return f"Look at {name}, which is probably the cause: {behind.fix[0]}"
    back = ", and take it back if you can" if suspect.kind == "change" else ""
    return f"Look at {name}, which is probably the cause{back}."
