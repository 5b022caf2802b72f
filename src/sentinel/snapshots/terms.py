"""What counts as good, and what as worse, in words."""

from sentinel.config.schema_snapshots import Snapshots
from sentinel.intelligence.wording import counted, span
from sentinel.snapshots.words import number, seconds


def good_in_words(terms: Snapshots) -> list[str]:
    good = terms.good
    found = [
        "overall it is healthy" if good.overall == "healthy" else "overall it is not critical",
        "nothing is worse than in the last good snapshot",
        f"and it stays so for {span(good.for_)}",
    ]
    if good.unacknowledged != "none":
        least = "critical" if good.unacknowledged == "critical" else "warning or critical"
        found.insert(1, f"no {least} alert waits for somebody to acknowledge it")
    return found


def worse_in_words(terms: Snapshots) -> list[str]:
    worse = terms.worse
    window = span(terms.window)
    found = [
        "a component is in a worse state",
        f"{number(worse.error_factor)} times the errors a minute, and {worse.min_errors} in "
        f"{window} at least",
        f"{counted(worse.min_new, 'error')} in {window} of a group that was not known",
        f"{number(worse.latency_factor)} times the median or the 95th percentile of a latency, "
        f"{seconds(worse.min_latency)} at least, of {worse.min_samples} measurements or more",
    ]
    for name, one in terms.counts.items():
        if one.drop is not None:
            found.append(f"{number(one.drop * 100)} % of {name} gone")
        if one.rise is not None:
            found.append(f"{number(one.rise * 100)} % more {name}")
    found.append(f"all of it more than chance, and in {counted(worse.rounds, 'round')} in a row")
    if terms.weekly:
        found.append("but not what was as bad a week ago at this hour")
    return found
