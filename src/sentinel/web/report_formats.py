"""The debug report as an answer: Markdown, plain text or JSON."""

from collections.abc import Callable

import msgspec
from starlette.responses import Response

from sentinel.intelligence.report import DebugReport, render_markdown, render_text


class Format(msgspec.Struct, frozen=True):
    suffix: str
    type: str
    write: Callable[[DebugReport], str | bytes]


FORMATS = {
    "markdown": Format("md", "text/markdown; charset=utf-8", render_markdown),
    "text": Format("txt", "text/plain; charset=utf-8", render_text),
    "json": Format("json", "application/json", msgspec.json.encode),
}


def written(report: DebugReport, name: str) -> Response:
    form = FORMATS[name]
    return Response(form.write(report), headers={"content-type": form.type})
