"""Keys of the rule language that this version does not do yet. They are refused by name:
a rule that is half understood would page at the wrong time, or never."""

UNSUPPORTED: dict[str, dict[str, str]] = {
    "MainFile": {
        "forward": "sending on to another Sentry is not possible yet",
    },
}
"""By the title of the record that the key stands in; the text is the hint, if there is one."""
