"""Puts a message together. Pure: the same facts give the same bytes."""

import re
import textwrap

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from sentinel.intelligence.message.facts import PageFacts
from sentinel.intelligence.message.payload import envelope, payload_of
from sentinel.intelligence.message.short import short_of
from sentinel.intelligence.message.view import view_of
from sentinel.model.delivery import Delivery, Message

_CODE = re.compile(r"`([^`]+)`")
_WIDTH = 76


def compose(facts: PageFacts, delivery: Delivery) -> Message:
    """What this delivery says about its incident."""
    view = view_of(facts, delivery)
    instance, home = delivery.key.rpartition("-")[0], facts.page.home
    return Message(
        key=delivery.key,
        to=delivery.address,
        reason=delivery.reason,
        severity=view.severity,
        subject=view.subject,
        text=_templates.get_template("page.txt").render(view=view),
        html=_templates.get_template("page.html").render(view=view),
        thread=f"{instance}-incident-{facts.page.incident.id}",
        goes_on=f"{instance}-incident-{home.id}" if home else "",
        first=facts.page.first,
        url=facts.url,
        payload=payload_of(facts, view, delivery),
        short=short_of(facts, delivery, view),
        choices=facts.choices,
        incident=facts.page.incident.id,
    )


def compose_test(delivery: Delivery, public_url: str) -> Message:
    """A message that only shows that its channel works."""
    text = (
        "This is a test message from Sentinel. You can read it, so this channel works.\n\n"
        f"Nothing is broken, there is nothing to do.\n\n{public_url}\n"
    )
    return Message(
        key=delivery.key,
        to=delivery.address,
        reason=delivery.reason,
        severity=delivery.severity,
        subject="Test message from Sentinel",
        text=text,
        html=_templates.get_template("test.html").render(public_url=public_url),
        url=public_url,
        payload=envelope(delivery, {"subject": "Test message from Sentinel", "summary": text}),
    )


def compose_drill(delivery: Delivery, public_url: str) -> Message:
    """A page that is none: whoever reads it knows that a true one would have arrived."""
    subject = "Fire drill: nothing is broken"
    text = (
        "This is a fire drill by Sentinel. Nothing is broken.\n\n"
        "A true page would have reached you the same way. There is nothing to do; if it came late, "
        f"or woke you, tell whoever runs Sentinel.\n\n{public_url}/health/sentinel\n"
    )
    return Message(
        key=delivery.key,
        to=delivery.address,
        reason=delivery.reason,
        severity=delivery.severity,
        subject=subject,
        text=text,
        html=_templates.get_template("drill.html").render(public_url=public_url),
        url=f"{public_url}/health/sentinel",
        payload=envelope(delivery, {"subject": subject, "summary": text}),
    )


def _wrapped(text: str, indent: int = 0, first: str = "") -> str:
    """Folded at 76 columns; addresses and long words are left whole."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first or " " * indent,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _with_code(text: str) -> Markup:
    """Text between backticks as code, the rest as it stands; all of it escaped."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just now


_templates = Environment(
    loader=PackageLoader("sentinel"),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_templates.filters["wrapped"] = _wrapped
_templates.filters["with_code"] = _with_code
