"""Which errors are the same error. Pure: the same error gives the same group on any machine.

The order of what is looked at: a custom fingerprint, the stacks of the exception chain, the
exception's type with the message template, the message template, the code. The code counts in
every case, so that two codes never share a group. Neither project nor environment, release,
tenant, user, time, line numbers nor source lines count.
"""

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Literal

from msgspec import Struct

from sentinel.intelligence.frames import frames_of, is_minified, is_own, nearest, text_of
from sentinel.intelligence.templates import template
from sentinel.model.signal import Error

Basis = Literal["custom", "stack", "exception", "message", "code"]
MAX_TITLE = 200
MAX_CHAIN = 20
MAX_PARTS = 20
VERSION = "1"
"""Part of every fingerprint; a change of the rules that regroups errors must raise it."""

_VARIABLE = re.compile(r"\{\{\s*([\w.\-]{1,100})\s*\}\}")
_DEFAULT = re.compile(r"\{\{\s*default\s*\}\}")
_PLACEHOLDER = re.compile(r"%[\w.(]|\{[\w.:!]*\}")


class Grouping(Struct, frozen=True, kw_only=True):
    """`fingerprint` is 32 hexadecimal digits. `explanation` lists the parts that it is made of,
    in the order in which they count, for a person who asks why two errors are one group."""

    fingerprint: str
    title: str
    culprit: str
    basis: Basis
    explanation: tuple[str, ...]


def group(error: Error, parts: Sequence[str] | None = None) -> Grouping:
    """`parts` is a custom fingerprint from a rule and goes before the payload's own.

    Both take `{{ default }}` and variables such as `{{ error.type }}`. Expects a scrubbed error.
    """
    chain = _chain(error.payload)
    custom = _custom(parts if parts is not None else error.payload.get("fingerprint"))
    basis, explanation = _default(error, chain)
    if custom:
        basis, explanation = "custom", _filled(custom, error, chain, explanation)
    if error.code:
        explanation = (f"code {error.code}", *explanation)
    return Grouping(
        fingerprint=_digest(basis, explanation),
        title=_title(error, chain),
        culprit=_culprit(error, chain),
        basis=basis,
        explanation=explanation,
    )


def _digest(basis: str, parts: tuple[str, ...]) -> str:
    hashed = blake2b(digest_size=16)
    for part in (VERSION, basis, *parts):
        data = part.encode("utf-8", "surrogatepass")
        # With its length in front, no part can pretend to be two.
        hashed.update(b"%d:" % len(data) + data)
    return hashed.hexdigest()


def _chain(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """Exceptions of the event, the one that was reported first, then what caused it."""
    exception = payload.get("exception")
    values = exception.get("values") if type(exception) is dict else exception
    if type(values) is not list:
        values = [exception]
    links = [value for value in values if type(value) is dict and (value.keys() & _LINK_KEYS)]
    return links[::-1][:MAX_CHAIN]


_LINK_KEYS = frozenset(("type", "value", "stacktrace"))


def _default(error: Error, chain: list[dict[str, Any]]) -> tuple[Basis, tuple[str, ...]]:
    if chain and (stacks := _stack_parts(chain)):
        return "stack", stacks
    if chain or error.type:
        return "exception", _message_parts(error, chain)
    if message := _message(error):
        return "message", (f"message {message}",)
    return "code", () if error.code else ("no exception, no message, no code",)


def _stack_parts(chain: list[dict[str, Any]]) -> tuple[str, ...]:
    """One part for each link: its type and its nearest frames, innermost first."""
    stacks = [frames_of(link.get("stacktrace")) for link in chain]
    own = [[frame for frame in stack if is_own(frame)] for stack in stacks]
    keys = [nearest(frames) for frames in own]
    if not any(keys):
        own, keys = stacks, [nearest(frames) for frames in stacks]
    if not any(keys):
        return ()
    parts = []
    for link, frames, stack in zip(chain, own, keys, strict=True):
        part = " < ".join((_type(link), *stack))
        if frames and all(map(is_minified, frames)):
            # File names alone say little.
            part += f" | {template(_value(link))}"
        parts.append((_is_member(link), part))
    return _ordered(parts)


def _message_parts(error: Error, chain: list[dict[str, Any]]) -> tuple[str, ...]:
    if not chain:
        return (f"{error.type} | {_message(error)}",)
    return _ordered(
        [(_is_member(link), f"{_type(link)} | {template(_value(link))}") for link in chain]
    )


def _ordered(parts: list[tuple[bool, str]]) -> tuple[str, ...]:
    """The chain keeps its order. The members of an exception group have none of their own: which
    of several tasks failed first is chance, and so is how many did."""
    links = [part for member, part in parts if not member]
    members = sorted({part for member, part in parts if member})
    collapsed = [part for at, part in enumerate(links) if at == 0 or links[at - 1] != part]
    return (*collapsed, *(f"member {part}" for part in members))


def _is_member(link: dict[str, Any]) -> bool:
    mechanism = link.get("mechanism")
    source = mechanism.get("source") if type(mechanism) is dict else None
    return type(source) is str and source.startswith(("exceptions[", "errors["))


def _type(link: dict[str, Any]) -> str:
    return text_of(link.get("type")) or "Exception"


def _value(link: dict[str, Any]) -> str:
    value = link.get("value")
    return value if type(value) is str else ""


def _message(error: Error) -> str:
    """The client's own template where it gives one, else the message without variable parts."""
    entry = error.payload.get("logentry")
    if isinstance(entry, dict):
        raw = entry.get("message")
        if isinstance(raw, str) and (entry.get("params") or _PLACEHOLDER.search(raw)):
            return template(raw)
    return template(error.message)


def _custom(parts: Any) -> list[str]:
    """Empty where the fingerprint is absent, malformed or `{{ default }}` alone."""
    if not isinstance(parts, list | tuple):
        return []
    texts = [str(part)[:400] for part in parts[:MAX_PARTS] if type(part) in (str, int, float, bool)]
    if all(_DEFAULT.fullmatch(text.strip()) for text in texts):
        return []
    return texts


def _filled(
    parts: list[str], error: Error, chain: list[dict[str, Any]], default: tuple[str, ...]
) -> tuple[str, ...]:
    filled: list[str] = []
    for part in parts:
        if _DEFAULT.fullmatch(part.strip()):
            filled += default
        elif part == error.message:
            # A client that puts the message itself there means the kind of message.
            filled.append(template(part))
        else:
            filled.append(_VARIABLE.sub(lambda m: _variable(m[1], m[0], error, chain), part))
    return tuple(filled)


def _variable(name: str, raw: str, error: Error, chain: list[dict[str, Any]]) -> str:
    """Sentry's names; an unknown one stays as it is written, so that it can be seen."""
    if name.startswith("tags."):
        return error.tags.get(name[5:], "")
    if name in ("error.type", "type"):
        return error.type or (_type(chain[0]) if chain else "")
    if name in ("error.value", "value"):
        return template(_value(chain[0]) if chain else error.message)
    if name == "message":
        return _message(error)
    if name in (
        "function",
        "stack.function",
        "module",
        "stack.module",
        "stack.abs_path",
        "package",
    ):
        frame = _fault(chain)
        found = text_of(frame.get(name.removeprefix("stack.")))
        return found or (error.function or "" if name.endswith("function") else "")
    if name == "logger":
        return text_of(error.payload.get("logger"))
    if name in _FIELDS:
        return str(getattr(error, name) or "")
    return raw


_FIELDS = frozenset(
    (
        *("code", "level", "transaction", "platform", "service", "component", "file", "query"),
        *("environment", "release", "tenant", "url", "host", "severity", "category"),
    )
)


def _fault(chain: list[dict[str, Any]]) -> dict[str, Any]:
    """The frame where it went wrong: the innermost of the program's own, else the innermost."""
    frames = [frame for link in chain for frame in reversed(frames_of(link.get("stacktrace")))]
    return next(filter(is_own, frames), frames[0] if frames else {})


def _title(error: Error, chain: list[dict[str, Any]]) -> str:
    kind = error.type or (text_of(chain[0].get("type")) if chain else "")
    message = error.message or (_value(chain[0]) if chain else "")
    line = next((line.strip() for line in message[:4000].splitlines() if line.strip()), "")
    if kind and line and not line.startswith(f"{kind}:"):
        line = f"{kind}: {line}"
    title = line or kind or error.code or "Error without a message"
    return title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1] + "…"


def _culprit(error: Error, chain: list[dict[str, Any]]) -> str:
    frame = _fault(chain)
    where = text_of(frame.get("module")) or text_of(frame.get("filename")) or error.file or ""
    function = text_of(frame.get("function")) or error.function or ""
    if where and function:
        return f"{where} in {function}"
    return where or function or error.transaction or ""
