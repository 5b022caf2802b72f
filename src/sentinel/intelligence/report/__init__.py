"""The debug report: all that is known about an error group, or an incident, to be passed on."""

from sentinel.intelligence.report.build import build_incident_report, build_report
from sentinel.intelligence.report.model import DebugReport, IncidentReport
from sentinel.intelligence.report.render import LIMIT, render_markdown, render_text

__all__ = [
    "LIMIT",
    "DebugReport",
    "IncidentReport",
    "build_incident_report",
    "build_report",
    "render_markdown",
    "render_text",
]
