"""Where to look for the open incident that an alert belongs to."""

from collections import defaultdict

from sentinel.model.alert import Incident


class IncidentIndex:
    def __init__(self) -> None:
        self.with_rule: defaultdict[str, set[int]] = defaultdict(set)
        self.with_code: defaultdict[str, set[int]] = defaultdict(set)
        """By each code that is explained by an incident's own."""
        self.with_group: dict[int, int] = {}
        """The one of each error group that no code explains."""

    def add(self, incident: Incident) -> None:
        self.with_rule[incident.rule].add(incident.id)
        if incident.code is not None:
            for code in incident.codes:
                self.with_code[code].add(incident.id)
        elif incident.group is not None:
            self.with_group[incident.group] = incident.id

    def remove(self, incident: Incident) -> None:
        self.with_rule[incident.rule].discard(incident.id)
        if incident.code is not None:
            for code in incident.codes:
                self.with_code[code].discard(incident.id)
                if not self.with_code[code]:
                    del self.with_code[code]
        elif incident.group is not None:
            self.with_group.pop(incident.group, None)


def has_moved(before: Incident, after: Incident) -> bool:
    """Whether it is to be looked for elsewhere than before."""
    return any(
        getattr(before, name) != getattr(after, name)
        for name in ("rule", "code", "group", "dependants")
    )
