"""A catalog entry to begin with, for a code that has none."""

import json
import re

from sentinel.intelligence.untrusted import one_line
from sentinel.model.group import Group

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+")

_STUB = """\
codes:
  {code}:
    title: {title}
    category: system
    severity: {severity}
    customer_facing: false
    fix:
      - Write here what mends it, the most likely step first.
    verify:
      - Write here how to see that it is mended.
    impact:
      priority: {priority}
      revenue: none
      features: []
      companies: all
    causes: []
"""


def stub_of(group: Group, priority: str) -> str:
    """YAML that loads as it is, whatever the event's text is."""
    title = one_line(group.title, 100) or "An error without a title"
    return _STUB.format(
        code=code_for(group),
        # A JSON string is a YAML string, too.
        title=json.dumps(title, ensure_ascii=False),
        severity=group.severity or "medium",
        priority=priority,
    )


def code_for(group: Group) -> str:
    """The group's code in the spelling of the catalog; one made from its type if it has none."""
    words = _WORD.findall((group.code or group.type or "")[:200])
    code = "_".join(word.upper() for word in words)[:100].strip("_")
    return code if code[:1].isalpha() else f"ERROR_{code}".strip("_")
