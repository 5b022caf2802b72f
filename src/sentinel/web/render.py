"""Templates. What comes from outside is shown as text: escaped, and with nothing unseen in it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sentinel.clock import Clock
from sentinel.discretion import masked
from sentinel.intelligence.untrusted import one_line, visible
from sentinel.intelligence.wording import counted, iso, span
from sentinel.markdown import rendered
from sentinel.web.phrases import PHRASES

_HERE = Path(__file__).parent
_TEMPLATES = _HERE.parent / "templates" / "web"
STATIC = _HERE / "static"
_LONGEST_URL = 2_000

log = structlog.get_logger("sentinel.web")


class Pages:
    """Renders templates, at the time of the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._assets = Assets(STATIC)
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_shown,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            ago=self._ago,
            left=self._left,
            moment=_moment,
            in_zone=self._in_zone,
            wall=_wall,
            masked=masked,
            clock=self._clock_time,
            count=_count,
            counted=counted,
            span=span,
            line=one_line,
            markdown=rendered,
        )
        self._environment.tests["web_address"] = is_web_address
        self._environment.globals.update(asset=self._assets.url, phrase=PHRASES)

    def asset(self, name: str) -> str:
        """The address of a built file, empty where it was not built."""
        return self._assets.url(name)

    def render(self, template: str, **values: Any) -> str:
        return self._environment.get_template(template).render(**values)

    def _ago(self, at: float | None) -> Markup:
        """How long ago, with the exact time beside it. A script keeps it fresh."""
        if at is None:
            return Markup("<span>never</span>")
        passed = self._clock.now() - at
        if passed < 0:
            text = f"in {span(-passed)}"
        else:
            text = "just now" if passed < 5 else f"{span(passed)} ago"
        return Markup('<time datetime="{}" title="{}" data-ago>{}</time>').format(
            iso(at), _exactly(at), text
        )

    def _left(self, at: float) -> Markup:
        """How long until then, to the second within the last hour. A script counts down."""
        return Markup('<time datetime="{}" title="{}" data-left>{}</time>').format(
            iso(at), _exactly(at), countdown(at - self._clock.now())
        )

    def _clock_time(self, at: float) -> Markup:
        """The time of day, with the date where it is not today's."""
        then, today = (datetime.fromtimestamp(one, UTC) for one in (at, self._clock.now()))
        text = f"{then:%H:%M:%S}" if then.date() == today.date() else f"{then:%-d %b %H:%M}"
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            iso(at), _exactly(at), text
        )

    def _in_zone(self, at: float, zone: str) -> Markup:
        """The time by the clocks of a zone: today `14:02 GMT`, otherwise with the day."""
        then, today = (
            datetime.fromtimestamp(one, ZoneInfo(zone)) for one in (at, self._clock.now())
        )
        form = "%H:%M %Z" if then.date() == today.date() else "%a %-d %b %H:%M %Z"
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            iso(at), _exactly(at), then.strftime(form)
        )


class Assets:
    """The addresses of the built scripts and styles. A new build is noticed by itself."""

    def __init__(self, folder: Path) -> None:
        self._manifest = folder / "manifest.json"
        self._read_at: int | None = None
        self._names: dict[str, str] = {}
        if not self._manifest.exists():
            log.warning("the web interface was not built: run `make assets`")

    def url(self, name: str) -> str:
        """Empty where it was not built."""
        try:
            changed = self._manifest.stat().st_mtime_ns
        except FileNotFoundError:
            return ""
        if changed != self._read_at:
            self._names = json.loads(self._manifest.read_text())
            self._read_at = changed
        found = self._names.get(name)
        return f"/static/{found}" if found else ""


def countdown(left: float) -> str:
    """Such as `8 min 42 s`; as in web/src/times.ts."""
    seconds = max(0, round(left))
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if rest and 0 < minutes < 60 else span(seconds)


def is_web_address(text: object) -> bool:
    """Whether it may become a link: anything but http(s) can run or hide something."""
    return (
        isinstance(text, str)
        and len(text) <= _LONGEST_URL
        and text.lower().startswith(("http://", "https://"))
        and text.isprintable()
        and not any(character.isspace() for character in text)
    )


def _wall(at: float, zone: str) -> str:
    """The time by the clocks of a zone, for pictures: `Sun 03:00`."""
    return f"{datetime.fromtimestamp(at, ZoneInfo(zone)):%a %H:%M}"


def _shown(value: Any) -> Any:
    return visible(value) if type(value) is str else value


def _moment(at: float | None) -> Markup:
    """The exact time, in the time zone of UTC."""
    if at is None:
        return Markup("<span>never</span>")
    return Markup('<time datetime="{}">{}</time>').format(iso(at), _exactly(at))


def _exactly(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _count(number: int) -> str:
    """Short enough for a table: 1,234 or 56.7k or 8.9M."""
    if number < 10_000:
        return f"{number:,}"
    return f"{number / 1_000:.1f}k" if number < 1_000_000 else f"{number / 1_000_000:.1f}M"
