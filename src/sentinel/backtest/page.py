"""The report as one HTML page that stands by itself: to send to somebody, or to keep."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from sentinel.backtest.report import Report
from sentinel.backtest.sections import headline, sections, sides
from sentinel.intelligence.untrusted import visible

_MOST_ROWS = 500


def render_html(report: Report) -> str:
    """Names of tenants and the like come from outside: they are escaped, and what can't be seen
    in them is made visible."""
    return _templates.get_template("backtest.html").render(
        summary=report.summary,
        headline=headline(report),
        sides=sides(report),
        sections=list(sections(report, _MOST_ROWS)),
        notes=report.notes,
    )


def _shown(value: Any) -> Any:
    return visible(value) if type(value) is str else value


_templates = Environment(
    loader=PackageLoader("sentinel"),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    finalize=_shown,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
