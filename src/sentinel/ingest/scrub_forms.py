"""Secrets behind a name without `=` or `:`: options of commands, elements of XML, SQL, sentences.

As in `scrub_patterns`, everything runs on bytes, and every run is bounded.
"""

import re
from collections.abc import Iterator
from functools import partial

from msgspec import Struct

from sentinel.ingest import scrub_values
from sentinel.ingest.scrub_checks import Check, Finding, is_label
from sentinel.ingest.scrub_keys import KeyRules

_SPOKEN = r"(?i:passw(?:or)?[dt]|pwd|pass[- ]?phrase|passcode|identified[ ]by)"
_SPOKEN_LONG = r"(?i:token|(?:api|access|auth|secret|private)[-_ ]?key)"
_IS = r"[ \t]{1,4}(?i:(?:is|was)[ \t]{1,4})?"
_SIGNED = r"(?i:x-amz-signature|x-goog-signature|signature|sig|hmac|key)="
# What `crypt` and its successors write: https://passlib.readthedocs.io/en/stable/modular_crypt_format.html
_HASH = (
    r"\$(?:2[abxy]?|[1567y]|gy|argon2(?:id|i|d)|scrypt|pbkdf2[\w-]{0,16})\$"
    r"""[^\s:"',;<>\\]{16,256}|pbkdf2_sha\d{1,3}\$\d{1,9}\$[^\s:"',;<>\\]{16,256}"""
)
_WITHIN = r"""[ \t](?:[^\r\n|;]{0,160}?[ \t])?"""
_COMMAND = (
    rf"sshpass[ \t]{{1,4}}-p[ \t]{{0,4}}|(?:mysql|mariadb)[\w-]{{0,16}}{_WITHIN}-p|"
    rf"redis-cli{_WITHIN}-a[ \t]{{1,4}}|"
    rf"""curl{_WITHIN}(?:-u|--user)[ \t=]{{0,2}}["']?[^\s:"'\\]{{1,64}}:"""
)
_DATABASE = (
    r"(?:postgres(?:ql)?|mysql|mariadb|mssql|mongodb|rediss?|amqps?|ldaps?|smtps?|s?ftp)"
    r"(?:\+[a-z0-9]{1,20})?"
)
# A slash in a password is no end of it where the part before can't be a port.
_SLASHED = rf"""{_DATABASE}://[^\s/?#@:"'<>\\]{{0,128}}:[^\s"'<>\\@]{{1,200}}@"""
_ORACLE = r"""jdbc:oracle:\w{1,8}:[^\s/@:"'\\]{1,64}/[^\s@"'\\]{1,64}@"""
_ENCODED = r"""(?i:%3a%2f%2f[\w.+-]{0,64}%3a[^\s&/"'\\]{1,128}?%40)"""

# A value may be looked at in vain, and again a little further on.
_LONGEST = 512

_OPTION = re.compile(r"--[\w-]+", re.ASCII)
_PORT = re.compile(rb"\d{1,5}/")
_NAME = re.compile(rb"[a-z_]{1,30}")
_LONG = re.compile(rb"[\w+/=.~-]{20,}", re.ASCII)
_NOT_YET = re.compile(rb"(?i)(?:none|null|nil|undefined|true|false|\*+|)")


class Form(Struct, frozen=True):
    """`marks` finds each place that `pattern` may find, and more, also within encoded JSON."""

    pattern: str
    marks: str
    check: Check


def forms(keys: KeyRules, names: str) -> Iterator[Form]:
    """`names` is an expression for the names that a text may carry."""
    flag = rf"--[\w-]{{0,32}}{names}"
    # As on a command line, and as in a list of arguments.
    behind = r"""[\w-]{0,32}(?:[ \t]{1,4}|\\{0,8}["'],[ \t]{0,4})"""
    yield Form(flag + behind, flag, partial(_flag, keys=keys))
    element = rf"<(?:[\w-]{{1,32}}:)?[\w.-]{{0,32}}{names}"
    attributes = r"[\w.-]{0,32}(?:\s[^<>]{0,256})?>"
    yield Form(element + attributes, element, partial(_element, keys=keys))
    pair = rf"""\([ ]?[bu]?["'][\w.-]{{0,32}}{names}[\w.-]{{0,32}}["'],[ \t]{{1,4}}"""
    marks = rf"""\([ ]?[bu]?\\?["'][\w.-]{{0,32}}{names}"""
    yield Form(pair, marks, partial(_pair, keys=keys))
    yield Form(_SPOKEN + _IS, rf"{_SPOKEN}(?:[ \t]|\\t)", _password)
    yield Form(_SPOKEN_LONG + _IS, rf"{_SPOKEN_LONG}(?:[ \t]|\\t)", _token)
    yield Form(f"[?&]{_SIGNED}", f"[?&]{_SIGNED}", _signature)
    yield Form(_HASH, r"\$(?:2|[1567y]|gy|argon2|scrypt|pbkdf2)|pbkdf2_sha", _whole)
    yield Form(_COMMAND, r"sshpass|mysql|mariadb|redis-cli|curl", _command)
    yield Form(_SLASHED, rf"{_DATABASE}://", _slashed)
    yield Form(_ORACLE, "jdbc:oracle:", _oracle)
    yield Form(_ENCODED, "(?i:%3a%2f%2f)", _encoded)


def is_option(text: str) -> bool:
    """Whether the text is an option such as `--password`, whose value is the argument after it."""
    return bool(_OPTION.fullmatch(text))


def _flag(data: bytes, start: int, end: int, *, keys: KeyRules) -> Finding | int:
    label = keys.label(data[start + 2 : end].strip(b" \t\\\"',").decode("utf-8", "replace"))
    found = _quoted(data, end) or _bare(data, end)
    value = data[found[0] : found[1]]
    is_word = label == "token" and _NAME.fullmatch(value)
    if not label or is_word or value.startswith(b"-") or _is_harmless(value):
        return end
    return *found, f"[{label}]".encode()


def _element(data: bytes, start: int, end: int, *, keys: KeyRules) -> Finding | int:
    name = re.split(rb"[\s>]", data[start + 1 : end], maxsplit=1)[0].rpartition(b":")[2]
    label = keys.label(name.decode("utf-8", "replace"))
    is_marked = data.startswith(b"<![CDATA[", end)
    begin = end + 9 if is_marked else end
    stop = data.find(b"]]>" if is_marked else b"<", begin, begin + _LONGEST)
    # What stands in angle brackets and has no end, as in `list<Token> found`, is no element.
    if not label or (not is_marked and not data.startswith(b"</", stop)) or stop < 0:
        return start + 1
    if _is_harmless(data[begin:stop].strip()):
        return end
    return begin, stop, f"[{label}]".encode()


def _pair(data: bytes, start: int, end: int, *, keys: KeyRules) -> Finding | int:
    name = re.sub(rb"""[(\s"',]""", b"", data[start:end]).decode("utf-8", "replace")
    label = keys.label(name) or keys.label(name[1:] if name[:1] in "bu" else "")
    found = _quoted(data, end)
    # `('password', 'email')` are the names of two fields.
    if not label or found is None or _NAME.fullmatch(data, *found):
        return start + 1
    if _is_harmless(data[found[0] : found[1]]):
        return start + 1
    return *found, f"[{label}]".encode()


def _password(data: bytes, start: int, end: int) -> Finding | int:
    """`wrong password 'x'`, `IDENTIFIED BY 'x'`; without quotes only what is no ordinary word."""
    found = _quoted(data, end)
    if found is not None:
        value = data[found[0] : found[1]]
        if not re.search(rb"\s", value) and not _is_harmless(value):
            return *found, b"[password]"
        return end
    found = _bare(data, end)
    value = data[found[0] : found[1]].rstrip(b".:!?")
    if len(value) < 6 or not _is_mixed(value) or _is_harmless(value):
        return end
    return found[0], found[0] + len(value), b"[password]"


def _token(data: bytes, start: int, end: int) -> Finding | int:
    found = _quoted(data, end) or _bare(data, end)
    match = _LONG.match(data, *found)
    if match is None or not _is_mixed(match[0]):
        return end
    return *match.span(), b"[token]"


def _signature(data: bytes, start: int, end: int) -> Finding | int:
    begin, stop = _bare(data, end)
    value = data[begin:stop]
    if len(value) < 16 or not _is_mixed(value):
        return end
    return begin, stop, b"[token]"


def _whole(data: bytes, start: int, end: int) -> Finding | int:
    return start, end, b"[password hash]"


def _command(data: bytes, start: int, end: int) -> Finding | int:
    if data[end : end + 1].isspace():
        return end
    begin, stop = _quoted(data, end) or _bare(data, end)
    return end if _is_harmless(data[begin:stop]) else (begin, stop, b"[password]")


def _slashed(data: bytes, start: int, end: int) -> Finding | int:
    begin = data.index(b":", data.index(b"://", start) + 3) + 1
    return start + 1 if _PORT.match(data, begin) else (begin, end - 1, b"[password]")


def _oracle(data: bytes, start: int, end: int) -> Finding | int:
    return data.index(b"/", start) + 1, end - 1, b"[password]"


def _encoded(data: bytes, start: int, end: int) -> Finding | int:
    begin = start + data[start:end].lower().index(b"%3a", 9) + 3
    return begin, end - 3, b"[password]"


def _quoted(data: bytes, at: int) -> tuple[int, int] | None:
    found = scrub_values.quoted(data[at : at + _LONGEST], 0)
    return found and (at + found[0], at + found[1])


def _bare(data: bytes, at: int) -> tuple[int, int]:
    start, end = scrub_values.bare(data[at : at + _LONGEST], 0)
    return at + start, at + end


def _is_mixed(value: bytes) -> bool:
    """Letters and digits: hardly a word of a sentence."""
    return bool(re.search(rb"[a-zA-Z]", value) and re.search(rb"\d", value))


def _is_harmless(value: bytes) -> bool:
    return bool(_NOT_YET.fullmatch(value) or is_label(value))
