"""Whether what an expression has found is what it looks like: check digits, lengths, neighbours."""

import ipaddress
import re
from collections.abc import Callable

_LABEL = re.compile(rb"\[(?:[a-z]+(?: [a-z]+){0,2}|Filtered|REDACTED|Redacted)\]")
_PROTOCOL = re.compile(rb"[A-Z]{2,5}/[A-Z0-9.]{1,4}")
_CAPITALISED = re.compile(rb"[A-Z]?[a-z]+")
_FILE_ENDING = re.compile(
    rb"(?i).*\.(?:png|jpe?g|gif|svg|webp|avif|ico|[cm]?[jt]sx?|css|html?|json|map|vue|py|rb|php)"
)
_TOP_LEVEL = re.compile(rb"[a-zA-Z\x80-\xff]{2,24}|xn--[a-zA-Z0-9-]+")
_ESCAPE = re.compile(rb"(?:\\[nrtbf]|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2})\Z")
_CARD_START = re.compile(rb"4|5[0-8]|6|3[04-9]|2[2-7]")
_CARD_LENGTHS = {b"4": (16, 19, 13), b"5": (16,), b"6": (16, 19, 17, 18), b"3": (15, 14, 16)}
_IBAN_LENGTHS = {
    country.encode(): length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED = bytes.maketrans(bytes(range(10)), bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))

Finding = tuple[int, int, bytes]
"""Start, end and replacement."""
Check = Callable[[bytes, int, int], Finding | int]
"""Takes the text and a match's span; gives a finding, or from where to search on."""


def label(replacement: bytes) -> Check:
    return lambda data, start, end: (start, end, replacement)


def word_before(data: bytes, start: int) -> bool:
    """Whether a word reaches up to here. The n of an escaped line end is none, nor is `%3D`."""
    if start == 0 or not (data[start - 1 : start].isalnum() or data[start - 1] == 0x5F):
        return False
    return not _ESCAPE.search(data, max(0, start - 6), start)


def word_after(data: bytes, end: int) -> bool:
    return data[end : end + 1].isalnum()


def userinfo(data: bytes, start: int, end: int) -> Finding | int:
    colon = data.index(b":", data.index(b"://", start) + 3)
    return colon + 1, end - 1, b"[password]"


def lone_userinfo(data: bytes, start: int, end: int) -> Finding | int:
    return data.index(b"://", start) + 3, end - 1, b"[token]"


def provider_key(data: bytes, start: int, end: int) -> Finding | int:
    if word_before(data, start):
        return end
    return start, end, b"[token]"


def scheme(data: bytes, start: int, end: int) -> Finding | int:
    value_start = start + len(data[start:end].split(None, 1)[0])
    value_start += len(data[value_start:end]) - len(data[value_start:end].lstrip())
    value = data[value_start:end]
    # `basic authentication`, `a basic HTTP/1.1 client`
    spoken = data[start : start + 5].lower() == b"basic" and _PROTOCOL.fullmatch(value)
    if spoken or _CAPITALISED.fullmatch(value) or word_before(data, start):
        return value_start
    return value_start, end, b"[token]"


def email(data: bytes, start: int, end: int) -> Finding | int:
    address = data[start:end].rstrip(b"-")
    name, _, host = address.replace(b"%40", b"@").rpartition(b"@")
    if _FILE_ENDING.fullmatch(host) or (name == b"git" and data[end : end + 1] == b":"):
        return end
    if not _TOP_LEVEL.fullmatch(host.rpartition(b".")[2]):
        return end
    return start, start + len(address), b"[email]"


def card(data: bytes, start: int, end: int) -> Finding | int:
    """A card starts at a group of digits, ends at one, and has its scheme's length."""
    if word_before(data, start) or data[start - 1 : start] == b".":
        return start + _digits(data, start, end)
    while end < len(data) and data[end : end + 1].isdigit() and end - start <= 24:
        end += 1
    run = data[start:end]
    digits = run.translate(None, b" -")
    for length in _CARD_LENGTHS.get(digits[:1], (16,)) if _CARD_START.match(run) else ():
        if length <= len(digits) and luhn(digits[:length]):
            stop = _after_digits(run, length)
            if not word_after(data, start + stop):
                return start, start + stop, b"[card]"
    return start + _digits(data, start, end)


def _digits(data: bytes, start: int, end: int) -> int:
    """How many digits stand in one group from `start` on."""
    run = data[start : end + 1]
    group = len(run) - len(run.lstrip(b"0123456789"))
    return max(group, 1)


def _after_digits(run: bytes, count: int) -> int:
    """The position behind the first `count` digits, 0 where there are fewer."""
    for position, byte in enumerate(run):
        if 0x30 <= byte <= 0x39:
            count -= 1
            if not count:
                return position + 1
    return 0


def luhn(digits: bytes) -> bool:
    """The check digit of ISO/IEC 7812-1. Sixteen zeros pass it, so one repeated digit doesn't."""
    values = digits.translate(_VALUES)
    total = sum(values[::-1][::2]) + sum(values[-2::-2].translate(_DOUBLED))
    return total % 10 == 0 and digits.count(digits[:1]) < len(digits)


def iban(data: bytes, start: int, end: int) -> Finding | int:
    """Each country has one length; the check is modulo 97 (ISO 13616)."""
    length = _IBAN_LENGTHS.get(data[start : start + 2])
    if length is None or word_before(data, start):
        return start + 2
    stop = start
    while length and stop < end:
        length -= data[stop] != 0x20
        stop += 1
    text = data[start:stop].replace(b" ", b"").decode("ascii")
    moved = "".join(str(int(letter, 36)) for letter in text[4:] + text[:4])
    if length or word_after(data, stop) or int(moved) % 97 != 1:
        return start + 2
    return start, stop, b"[iban]"


def ssn(data: bytes, start: int, end: int) -> Finding | int:
    area = data[start : start + 3]
    touching = data[start - 1 : start] in (b"-", b".", b"+") and start > 0
    if word_before(data, start) or word_after(data, end) or touching:
        return start + 1
    if area in (b"000", b"666") or area[0] == 0x39 or data[end : end + 1] == b"-":
        return start + 1
    return start, end, b"[ssn]"


def phone(data: bytes, start: int, end: int) -> Finding | int:
    if word_before(data, start) or word_after(data, end):
        return end
    return start, end, b"[phone]"


def address(data: bytes, start: int, end: int) -> Finding | int:
    if word_before(data, start) or word_after(data, end):
        return end
    try:
        ipaddress.ip_address(data[start:end].decode("ascii"))
    except ValueError:
        return end
    return start, end, b"[ip]"


def is_label(value: bytes) -> bool:
    """Whether somebody has replaced this already: `[token]`, or `[Filtered]` by a client."""
    return value[:1] == b"[" and bool(_LABEL.fullmatch(value))
