"""A template of the configuration, once it has been read and checked."""

from msgspec import Struct

from sentinel.model.delivery import Audience, Reason

PARTS = ("subject", "text", "html", "short")


class TemplateConfig(Struct, frozen=True, kw_only=True):
    """`channels` are names; `sources` holds the Jinja of the parts that are given, by their names,
    and `lines` where each stands in the file."""

    name: str
    channels: tuple[str, ...]
    audience: Audience
    reasons: tuple[Reason, ...]
    sources: dict[str, str]
    lines: dict[str, int] = {}
    file: str = ""
    line: int = 0
