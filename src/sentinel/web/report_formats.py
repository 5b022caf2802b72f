"""The debug report as an answer: Markdown, plain text or JSON."""

from collections.abc import Callable

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from sentinel.intelligence.report import (
    DebugReport,
    IncidentReport,
    render_markdown,
    render_text,
)


class Format(msgspec.Struct, frozen=True):
    suffix: str
    type: str
    write: Callable[[DebugReport | IncidentReport], str | bytes]


FORMATS = {
    "markdown": Format("md", "text/markdown; charset=utf-8", render_markdown),
    "text": Format("txt", "text/plain; charset=utf-8", render_text),
    "json": Format("json", "application/json", msgspec.json.encode),
}


def written(report: DebugReport | IncidentReport, name: str) -> Response:
    form = FORMATS[name]
    return Response(form.write(report), headers={"content-type": form.type})


def downloaded(report: DebugReport | IncidentReport, name: str, file: str) -> Response:
    """As a file of this name, to which the format's suffix is added. Answers with 404 for a format
    that there is not."""
    if name not in FORMATS:
        raise HTTPException(404, f"There is no such format; there are {', '.join(FORMATS)}.")
    response = written(report, name)
    response.headers["content-disposition"] = (
        f'attachment; filename="{file}.{FORMATS[name].suffix}"'
    )
    return response
