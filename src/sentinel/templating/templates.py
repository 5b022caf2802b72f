"""Which template words a message, and what becomes of the message."""

import re
import threading
from collections.abc import Callable, Iterable

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from msgspec.structs import replace

from sentinel.config.model_templates import TemplateConfig
from sentinel.intelligence.untrusted import one_line, visible
from sentinel.model.delivery import Audience, Message, Reason
from sentinel.templating.filters import paragraphs
from sentinel.templating.flaw import Flaw
from sentinel.templating.sandbox import Written
from sentinel.templating.views import VIEWS, AdminView, View

log = structlog.get_logger("sentinel.templates")

LONGEST_SUBJECT = 200
_LONGEST_SHORT = 1000
_GAPS = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_DOCUMENT = re.compile(r"\s*(<!doctype|<html)\b", re.IGNORECASE)


class Template:
    """One entry of `templates:`, compiled. Raises Flaw for a part that is wrong."""

    def __init__(self, config: TemplateConfig) -> None:
        self.config = config
        view = VIEWS[config.audience]
        self._parts = {
            name: Written(source, view, html=name == "html")
            for name, source in config.sources.items()
        }

    def concerns(self, channel: str, audience: Audience, reason: Reason) -> bool:
        config = self.config
        return (
            audience == config.audience and channel in config.channels and reason in config.reasons
        )

    def worded(self, message: Message, view: View) -> Message:
        """The message in the operator's words. What a template leaves out, or empty, stays as it
        is. Raises Flaw where a part does not render."""
        made = {name: part.render(view) for name, part in self._parts.items()}
        subject = one_line(made.get("subject", ""), LONGEST_SUBJECT) or message.subject
        short = one_line(made.get("short", ""), _LONGEST_SHORT) or message.short
        own = _GAPS.sub("\n\n", visible(made.get("text", ""))).strip("\n")
        text = f"{own.rstrip()}\n" if own.strip() else ""
        page = made.get("html", "").strip()
        html = message.html
        if page and _DOCUMENT.match(page):
            html = _closed_html(page, view)
        elif page:
            html = _in_skin(_closed_html(page, view), subject)
        elif text and message.html:
            # Whoever changes the text means what is read, and mail programs show the HTML.
            html = _in_skin(paragraphs(_closed(text, view)), subject, view)
        return replace(
            message,
            subject=subject,
            text=_closed(text, view) or message.text,
            html=html,
            short=short,
            written=bool(text),
        )


class Templates:
    """Those of a configuration, in order. `on_failure` is told, once for each, of a template that
    fails, with what is wrong; by any thread."""

    def __init__(
        self,
        configs: Iterable[TemplateConfig] = (),
        on_failure: Callable[[str, Flaw], None] | None = None,
    ) -> None:
        self._templates = [Template(config) for config in configs]
        self._on_failure = on_failure
        self._failed: set[str] = set()
        self._lock = threading.Lock()

    def choose(self, channel: str, audience: Audience, reason: Reason) -> Template | None:
        """The first that concerns it."""
        found = (one for one in self._templates if one.concerns(channel, audience, reason))
        return next(found, None)

    def named(self, name: str) -> Template | None:
        return next((one for one in self._templates if one.config.name == name), None)

    def apply(self, message: Message, channel: str, view: Callable[[Message], View]) -> Message:
        """The message as it is sent: in the operator's words, or as it is where they have none or
        these fail. `view` is asked for only where it is needed."""
        template = self.choose(channel, message.audience, message.reason)
        if template is None:
            return message
        try:
            return template.worded(message, view(message))
        except Flaw as flaw:
            self._tell(template.config.name, flaw)
            return message

    def _tell(self, name: str, flaw: Flaw) -> None:
        with self._lock:
            is_news = name not in self._failed
            self._failed.add(name)
        if is_news:
            log.error("template_failed", template=name, error=str(flaw))
            if self._on_failure is not None:
                self._on_failure(name, flaw)


def _closed(text: str, view: View) -> str:
    """A client can always end it: below a text that does not say how, the default's last lines
    stand."""
    if not text or isinstance(view, AdminView) or view.unsubscribe_url in text:
        return text
    return f"{text}\n-- \n{view.closing}\n"


def _closed_html(html: str, view: View) -> str:
    if isinstance(view, AdminView) or str(Markup.escape(view.unsubscribe_url)) in html:
        return html
    head, end, tail = html.rpartition("</body>")
    return f"{head if end else tail}{paragraphs(view.closing)}{end}{tail if end else ''}"


def _in_skin(body: str, subject: str, view: View | None = None) -> str:
    """A whole page around HTML that is none, with the buttons where the operator wrote no HTML."""
    return _skin.get_template("worded.html").render(
        # What was rendered with escaping, or made by `paragraphs`.
        body=Markup(body),  # noqa: S704 - see above
        subject=subject,
        view=view if isinstance(view, AdminView) else None,
    )


_skin = Environment(
    loader=PackageLoader("sentinel"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
