"""What is no regression by itself, and may be the reason for one: alerts, releases, environment
and files."""

from collections.abc import Iterator, Mapping

from sentinel.model.snapshot import Snapshot
from sentinel.snapshots.difference import Category, Difference

ENVIRONMENT, FILE = "env ", "file "
UNSET, READ = "unset", "read"
NO_RELEASE = "-"
NO_CHECKSUM = frozenset((UNSET, "missing", "unreadable", "too large"))


def differences(before: Snapshot, after: Snapshot) -> Iterator[Difference]:
    yield from _alerts(before, after)
    yield from _releases(before, after)
    for name in changed_names(before.checksums, after.checksums):
        yield _checksum(name, before.checksums, after.checksums)


def changed_names(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Those whose checksum differs. What was only begun, or ended, to be watched has not
    changed, and neither have the variables of a file that can't be read."""
    return sorted(
        name
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
        and all(name in side or side.get(_file_of(name)) == READ for side in (before, after))
    )


def _file_of(name: str) -> str:
    """What stands for the file that a variable such as `env A (path)` is read from."""
    return f"{FILE}{name.partition(' (')[2].removesuffix(')')}"


def _alerts(before: Snapshot, after: Snapshot) -> Iterator[Difference]:
    known = {one.id for one in before.alerts}
    for alert in after.alerts:
        if alert.id not in known:
            about = f": {alert.summary}" if alert.summary else ""
            yield Difference(
                category="alert",
                subject=f"{alert.rule} (alert {alert.id})",
                before="-",
                after="acknowledged" if alert.acknowledged else "firing",
                kind="changed",
                severity=alert.severity,
                sentence=f"the alert {alert.rule} fires{about}",
            )


def _releases(before: Snapshot, after: Snapshot) -> Iterator[Difference]:
    for project, releases in after.releases.items():
        old = before.releases.get(project, ())
        came = [one for one in releases if one not in old]
        if came:
            yield Difference(
                category="release",
                subject=project,
                before=", ".join(old) or NO_RELEASE,
                after=", ".join(releases),
                kind="changed",
                sentence=f"{project} runs the release {', '.join(came)}",
            )


def _checksum(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> Difference:
    category: Category = "environment" if name.startswith(ENVIRONMENT) else "file"
    subject = name.removeprefix(ENVIRONMENT).removeprefix(FILE)
    now = _shown(after.get(name))
    return Difference(
        category=category,
        subject=subject,
        before=_shown(before.get(name)),
        after="changed" if is_set(before.get(name)) and is_set(after.get(name)) else now,
        kind="changed",
        sentence=f"{subject} was changed" if is_set(after.get(name)) else f"{subject} is {now}",
    )


def is_set(checksum: str | None) -> bool:
    """Whether it is the checksum of something, and not a word for why there is none."""
    return checksum is not None and checksum not in NO_CHECKSUM


def _shown(checksum: str | None) -> str:
    return "set" if is_set(checksum) else checksum or UNSET
