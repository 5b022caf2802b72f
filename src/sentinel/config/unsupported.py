"""Keys of the rule language that this version does not do yet. They are refused by name:
a rule that is half understood would page at the wrong time, or never."""

_SCHEDULES = "name people in notify for this version"
_GROUPING = "one message for each incident is what this version sends"

UNSUPPORTED: dict[str, dict[str, str]] = {
    "MainFile": {
        "forward": "sending on to another Sentry is not possible yet",
        "components": "give each probe its component instead",
    },
    "Rule": {
        "recover_when": "the alert ends when the condition has been gone for keep_firing_for",
        "on_missing": "the alert keeps its state while no data comes",
    },
    "Route": {
        "group_by": _GROUPING,
        "group_interval": _GROUPING,
        "mute_time_intervals": "",
        "active_time_intervals": "",
    },
    "Escalation": {
        "repeat": "the route's repeat_interval reminds",
        "ack_timeout": "an acknowledgement holds until the incident is resolved",
    },
    "RulesFile": {
        "inhibit_rules": "",
        "time_intervals": "",
        "schedules": _SCHEDULES,
        "teams": _SCHEDULES,
        "correlations": "the catalog's causes fold cascades under their cause",
        "broadcasts": "",
        "tests": "",
    },
}
"""By the title of the record that the key stands in; the text is the hint, if there is one."""
