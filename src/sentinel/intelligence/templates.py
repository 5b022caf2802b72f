"""Message templates: what stays of a message when its variable parts are taken out.

`order 4711 for alice@example.com timed out after 30.5 s` becomes
`order <n> for <email> timed out after <n>`. Words always stay: `connection refused` and
`connection reset` are two templates. Numbers that name a kind of failure stay too: an HTTP
status, an errno, an error code of a database.
"""

import re
from functools import lru_cache

MAX_MESSAGE = 2000
MAX_LINES = 3
MAX_TEMPLATE = 400

_DAY = r"(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sep(?:t|tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:\s?[AaPp][Mm]\b)?"
_ZONE = r"(?:\s?(?:Z|UTC|GMT|CES?T|[ECMP][SD]T)\b|\s?[+-]\d{2}:?\d{2}\b)?"
_TIME = "|".join(
    (
        rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:[T ,]{{1,2}}{_CLOCK}{_ZONE})?(?!\d|\.\d)",
        rf"\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{4}}(?:[T ,]{{1,2}}{_CLOCK}{_ZONE})?(?!\d|\.\d)",
        rf"\d{{1,2}}/{_MONTH}/\d{{4}}:{_CLOCK}{_ZONE}",
        rf"{_DAY},? \d{{1,2}}[ -]{_MONTH}[ -]\d{{2,4}}(?: {_CLOCK}{_ZONE})?",
        rf"{_DAY} {_MONTH} {{1,2}}\d{{1,2}} {_CLOCK}{_ZONE}(?: \d{{4}})?",
        rf"\b{_MONTH} {{1,2}}\d{{1,2}}(?:st|nd|rd|th)?,?(?: \d{{4}}\b)?(?:,? {_CLOCK}{_ZONE})?",
        rf"\b\d{{1,2}} {_MONTH} \d{{4}}(?:,? {_CLOCK}{_ZONE})?",
        r"\d{8}T\d{4,6}Z?\b",
        rf"\b{_CLOCK}{_ZONE}",
        r"\b\d{1,2}\s?[AaPp]\.?[Mm]\b",
        r"datetime\.(?:datetime|date|time|timedelta)\([^()]{0,200}(?:\([^()]{0,80}\))?[^()]{0,40}\)",
    )
)
_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?::\d{1,5})?(?![\w.])"
_IPV6 = (
    r"\[?(?:(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|(?:[0-9a-fA-F]{1,4}:){1,6}(?::[0-9a-fA-F]{1,4}){1,6}"
    r"|(?:[0-9a-fA-F]{1,4}:){1,7}:|::(?:[0-9a-fA-F]{1,4}:){0,6}[0-9a-fA-F]{1,4})"
    r"(?:%\w+)?(?:/\d{1,3})?\]?(?::\d{1,5})?(?![\w:])"
)
_MAC = r"(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}\b"
_UNIT = (
    r"(?:ns|us|µs|μs|ms|msecs?|millis(?:econds?)?|microseconds?|nanoseconds?|s|secs?|seconds?|m|mins?"
    r"|minutes?|h|hrs?|hours?|d|days?|weeks?|[kKMGTP]i?[Bb]|[Bb]ytes?|[kmg]?Hz|kb/s|MB/s|px|°C|%)"
)
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)*(?:[eE][+-]?\d+)?"
_INSIDE = r"(?:[^{q}\n\\]|\\.|{q}(?=\w)){{0,300}}"


def _between(quote: str) -> str:
    return quote + _INSIDE.format(q=quote) + quote + r"(?!\w)"


_QUOTED = "|".join(
    (
        r"\\+\"[^\"\n]{0,300}\"",
        r"\\+'[^'\n]{0,300}'",
        *(rf"(?<!\w)[bruBRU]?{_between(quote)}" for quote in ("'", '"', "`")),
        r"“[^”\n]{0,300}”",
        r"\u2018[^\u2019\n]{0,300}\u2019",
        r"«[^»\n]{0,300}»",
    )
)
# Numbers that name the kind of failure.
_BEFORE_KIND = r"['\"]?(?:\s?[:=#(\[]\s?|\s(?:is\s|of\s|was\s)?|)['\"]?"
_KIND = (
    rf"(?i:\b(?:status(?:[ _]?code)?|https?(?:/\d(?:\.\d)?)?|code){_BEFORE_KIND}[1-5]\d\d"
    rf"|\berrno{_BEFORE_KIND}-?\d{{1,3}}"
    rf"|\berr(?:or)?[ _]?(?:code|no){_BEFORE_KIND}-?[0-9A-Z]{{1,5}}"
    rf"|\b(?:exit|return)[ _]?(?:code|status){_BEFORE_KIND}-?\d{{1,3}}"
    rf"|\bsqlstate{_BEFORE_KIND}[0-9A-Z]{{5}}|\bsignal \d{{1,2}})(?![\w-]|[.,:]\d)"
    r"|\b(?:[45]\d\d)(?= (?i:client error|server error|bad request|unauthorized|forbidden|not found"
    r"|method not allowed|conflict|gone|too many|internal server|bad gateway|service unavailable"
    r"|gateway time-?out))"
    r"|\b(?:ORA|PLS|TNS|TS|CS)-?\d{4,5}\b"
)
_RULES = (
    ("keep", _KIND),
    ("label", r"\[(?:email|card|token|password|secret|phone|ip|ssn|iban|name|cookie|session)\]"),
    ("url", r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s\"'<>`]+"),
    ("email", r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"),
    ("quoted", _QUOTED),
    ("time", rf"(?<![\w.])(?:{_TIME})"),
    ("uuid", rf"(?<![0-9a-fA-F]){_UUID}(?![0-9a-fA-F])|\{{{_UUID}\}}"),
    ("ip", rf"(?<![\w.:])(?:{_IPV4}|{_IPV6}|{_MAC})"),
    ("jwt", r"\beyJ[\w-]{10,}(?:\.[\w-]*)*"),
    ("path", r"(?<![\w/.<>])(?:~|\.{1,2})?(?:/[\w.@%+~=*-]+)+/?|\b[A-Za-z]:\\[^\s\"'<>|*?]+"),
    ("hex", r"\b0[xX][0-9a-fA-F]+\b"),
    # A token with a digit: random, or a number with its sign and unit, or digits in a name.
    (
        "word",
        r"(?<![A-Za-z0-9])(?=[A-Za-z_+/=-]{0,200}\d)(?=[0-9+/_-]{0,200}[A-Za-z])[A-Za-z0-9+/_-]{20,}={0,2}(?![A-Za-z0-9])",
    ),
    (
        "random",
        r"(?<![A-Za-z0-9])(?=[A-Za-z]{0,40}\d)(?=\d{0,40}[A-Za-z])[A-Za-z0-9]{6,}(?![A-Za-z0-9])",
    ),
    ("duration", r"(?<!\w)[+-]?(?:\d+(?:\.\d+)?(?:ms|h|m|s|d)){2,}\b|\bPT?\d[\dHMSD.]*\b"),
    ("number", rf"(?:(?<![\w.)\]])[+-])?{_NUMBER}(?:\s?{_UNIT}(?![A-Za-z0-9])|(?:st|nd|rd|th)\b)?"),
)
_SCAN = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _RULES))
_DIGITS = re.compile(r"\d+")
_TURNS = re.compile(r"[A-Za-z]\d|\d[A-Za-z]")
_HEX = re.compile(r"[0-9a-f]{7,}|[0-9A-F]{7,}")
_PARTS = re.compile(r"[A-Za-z0-9]+")
_NAME_PART = re.compile(r"(?:(?:[A-Z]?[a-z]{2,})+|[A-Z]+|[a-z])?\d{0,10}")
_LIST = re.compile(r"(<\w+>)(?:\s?[,;|]\s?<\w+>)+(?:\s?,?\s(?:and|or)\s<\w+>)?")
_TUPLES = re.compile(r"(\([^()]{0,80}\))(?:\s?,\s?\([^()]{0,80}\))+")
_BLOB_START = re.compile(r"(?<!\w)[{\[](?=\s*[\"'{\[\]}\d-])")
_BLOB_PART = re.compile(r"[{}\[\]]|\"(?:[^\"\\]|\\.)*\"")
_STACK_LINE = re.compile(r"\s*(?:at |File \"|Traceback )")


def template(message: str) -> str:
    """At most MAX_TEMPLATE characters; the same for all messages that differ in values alone.

    The first lines count; the lines of a stack trace in the text do not.
    """
    return _template(message[:MAX_MESSAGE])


@lru_cache(maxsize=1024)
def _template(message: str) -> str:
    text = _head(message)
    whole = _unwrapped(text)
    if whole == text:
        text = _without_blobs(text)
        text = _SCAN.sub(_replacement, text)
    else:
        text = _SCAN.sub(_replacement_in_value, whole)
    text = _TUPLES.sub(r"\1", _LIST.sub(r"\1", text))
    return " ".join(text.split())[:MAX_TEMPLATE]


def _head(message: str) -> str:
    lines: list[str] = []
    for line in message.splitlines():
        if _STACK_LINE.match(line) and lines:
            break
        if line.strip():
            lines.append(line.strip())
        if len(lines) == MAX_LINES:
            break
    return "\n".join(lines)


def _unwrapped(text: str) -> str:
    """A message that is one quoted value, or one JSON object, has all its words inside."""
    if len(text) > 2 and text[0] in "\"'`" and text[-1] == text[0] and text[0] not in text[1:-1]:
        return text[1:-1]
    if text[:1] == "{" and _blob_end(text, 0) == len(text):
        return text.replace('"', " ").replace("'", " ")
    return text


def _without_blobs(text: str) -> str:
    """JSON objects and lists become `<json>`."""
    pieces: list[str] = []
    done = at = 0
    while start := _BLOB_START.search(text, at):
        end = _blob_end(text, start.start())
        if not end:
            # Cut off, as long values are: all the rest belongs to it.
            end = len(text) if start[0] == "{" else start.start()
        if end > start.end():
            pieces += (text[done : start.start()], "<json>")
            done = end
        at = max(end, start.end())
    pieces.append(text[done:])
    return "".join(pieces)


def _blob_end(text: str, start: int) -> int:
    """The position behind the bracket that closes the one at `start`; 0 if none does."""
    depth = 0
    for match in _BLOB_PART.finditer(text, start):
        if match[0] in ("{", "["):
            depth += 1
        elif match[0] in ("}", "]"):
            depth -= 1
            if not depth:
                return match.end()
    return 0


def _replacement(match: re.Match[str]) -> str:
    kind, text = match.lastgroup, match[0]
    if kind == "keep":
        return text
    if kind == "label":
        return f"<{text[1:-1]}>"
    if kind in ("url", "email", "ip", "time", "path"):
        return f"<{kind}>"
    if kind == "quoted":
        return "<value>"
    if (kind == "random" and not _is_random(text)) or (kind == "word" and _is_name(text)):
        return _DIGITS.sub("<n>", text)
    return "<n>"


def _replacement_in_value(match: re.Match[str]) -> str:
    return match[0] if match.lastgroup == "quoted" else _replacement(match)


def _is_name(text: str) -> bool:
    """`payment-service-worker-12` is a name in several words, `dGhpcyBp-c3Q1Mj` is random."""
    return all(_NAME_PART.fullmatch(part) for part in _PARTS.findall(text))


def _is_random(word: str) -> bool:
    """`a1b2c3` and `3f9ac01d` are; `python3` and `shard12` are names with a number."""
    return bool(_HEX.fullmatch(word)) or word.isdigit() or len(_TURNS.findall(word)) >= 2
