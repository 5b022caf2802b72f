"""Severities by the names that people give them, as one of Sentinel's three."""

SEVERITIES = ("critical", "warning", "info")
_OTHERS = {
    "critical": (
        "page",
        "error",
        "err",
        "crit",
        "fatal",
        "emergency",
        "disaster",
        "major",
        "high",
        "p1",
        "sev1",
    ),
    "warning": ("warn", "ticket", "minor", "medium", "average", "p2", "p3", "sev2", "sev3"),
    "info": ("none", "information", "informational", "notice", "debug", "low", "p4", "p5", "sev4"),
}
_MEANING = {other: one for one, others in _OTHERS.items() for other in others}


def severity_of(text: str) -> tuple[str, bool]:
    """One of the three, and whether the word was known; what is not known is a warning."""
    word = text.strip().lower()
    if word in SEVERITIES:
        return word, True
    return _MEANING.get(word, "warning"), word in _MEANING
