"""What Sentinel has to say of itself, as errors of its own project: rules find them and people are
paged for them as for any other."""

from collections.abc import Iterable, Mapping
from typing import Literal

from sentinel.clock import Clock
from sentinel.discretion import presentable
from sentinel.model.decision import Decision
from sentinel.model.signal import Error

_CODES = {
    "detector_failed": "SENTINEL_DETECTOR_FAILED",
    "detector_full": "SENTINEL_LIMIT_REACHED",
    "engine_failed": "SENTINEL_ENGINE_FAILED",
    "groups_full": "SENTINEL_LIMIT_REACHED",
    "facts_full": "SENTINEL_LIMIT_REACHED",
}
_NOBODY = "SENTINEL_NOBODY_REACHED"
BOOKS = "SENTINEL_BOOKS_UNBALANCED"
DRILL = "SENTINEL_DRILL_FAILED"
_TEMPLATE = "SENTINEL_TEMPLATE_FAILED"

# The same is said again only after so long: a report that causes itself must come to an end.
_AGAIN_AFTER = 600.0


class SelfReport:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[tuple[str, str], float] = {}

    def of(self, decisions: Iterable[Decision]) -> list[Error]:
        """What among these decisions an operator has to know."""
        found = []
        for one in decisions:
            code = _CODES.get(one.verb)
            if code is None and (one.verb, one.reason) == ("not_delivered", "nobody"):
                code = _NOBODY
            if code is not None and self.is_news(code, one.rule or one.text):
                found.append(error(code, presentable(one.text, ()), one.rule))
        return found

    def is_news(self, code: str, about: str) -> bool:
        """Whether it was not said a short while ago; it counts as said then."""
        now = self._clock.monotonic()
        self._said = {key: at for key, at in self._said.items() if now - at < _AGAIN_AFTER}
        if (code, about) in self._said:
            return False
        self._said[code, about] = now
        return True


def error(
    code: str, text: str, rule: str | None = None, about: Mapping[str, str] | None = None
) -> Error:
    """`about` becomes tags, for rules to tell one from another."""
    level: Literal["error"] = "error"
    tags = {**(about or {}), **({"rule": rule} if rule else {})}
    message = f"{rule}: {text}" if rule else text
    return Error(code=code, message=message, level=level, tags=tags)


def of_template(name: str, text: str) -> Error:
    """Of a template that failed, so that a message went out in the default words."""
    return error(_TEMPLATE, f"{name}: {presentable(text, ())}", about={"template": name})
