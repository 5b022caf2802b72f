"""The debug report: all that is known about one error group, ready to be passed on."""

from sentinel.intelligence.report.build import build_report
from sentinel.intelligence.report.model import DebugReport
from sentinel.intelligence.report.render import LIMIT, render_markdown, render_text

__all__ = ["LIMIT", "DebugReport", "build_report", "render_markdown", "render_text"]
