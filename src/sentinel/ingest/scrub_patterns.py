"""What gives a secret or a person away inside a text, whatever key it stands under.

Everything runs on UTF-8 bytes with google-re2, whose time is linear. Two more rules keep the
whole pass linear: a run that needs something behind it is bounded, and an unbounded run only
stands at the end of an expression, so that what was scanned is also consumed.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

import re2

from sentinel.ingest import scrub_checks as checks
from sentinel.ingest import scrub_values
from sentinel.ingest.scrub_checks import Check, Finding
from sentinel.ingest.scrub_forms import forms
from sentinel.ingest.scrub_keys import KeyRules

_OFFICE = r"\.webhook\.office\.com/webhookb2/[A-Za-z0-9@/_-]{10,}"
_OFFICE_OF = r"[\w-]{1,64}" + _OFFICE
# Shapes by which the providers make their own keys recognisable.
PROVIDER_KEYS = "|".join(
    (
        r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
        r"gh[pousr]_[A-Za-z0-9]{20,}",
        r"github_pat_[A-Za-z0-9_]{20,}",
        r"gl(?:pat|cbt|dt|rt|ptt|ft|soat|agent)-[A-Za-z0-9_-]{20,}",
        r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
        r"xapp-[A-Za-z0-9-]{10,}",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{10,}",
        r"discord(?:app)?\.com/api/webhooks/[A-Za-z0-9/_-]{10,}",
        _OFFICE_OF,
        r"[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}",
        r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}",
        r"whsec_[A-Za-z0-9+/=]{16,}",
        r"SK[0-9a-f]{32}",
        r"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,}",
        r"AIza[A-Za-z0-9_-]{35}",
        r"ya29\.[A-Za-z0-9_-]{20,}",
        r"GOCSPX-[A-Za-z0-9_-]{20,}",
        r"sk-[A-Za-z0-9_-]{20,}",
        r"sk_[0-9a-f]{32,}",
        r"hf_[A-Za-z0-9]{30,}",
        r"gsk_[A-Za-z0-9]{40,}",
        r"NRAK-[A-Z0-9]{27}",
        r"lin_api_[A-Za-z0-9]{40}",
        r"ntn_[A-Za-z0-9]{40,}",
        r"dckr_[po]at_[A-Za-z0-9_-]{20,}",
        r"EAA[A-Za-z0-9_-]{50,}",
        r"access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$[0-9a-f]{32}",
        r"[0-9a-f]{32}-us[0-9]{1,2}",
        r"npm_[A-Za-z0-9]{30,}",
        r"pypi-[A-Za-z0-9_-]{30,}",
        r"do[opr]_v1_[0-9a-f]{40,}",
        r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
        r"sq0[a-z]{3}-[A-Za-z0-9_-]{22,}",
        r"key-[0-9a-f]{32}",
        r"hv[sb]\.[A-Za-z0-9_-]{20,}",
        r"dapi[0-9a-f]{32}",
        r"AGE-SECRET-KEY-1[A-Z0-9]{50,}",
        r"(?:bot)?[0-9]{8,10}:AA[A-Za-z0-9_-]{33,}",
    )
)
PEM = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY"
PEM_REST = r"(?: BLOCK)?(?:-----)?(?:[^-]|-[^-])*(?:-----END [A-Z0-9 ]{0,50}-----)?"
USERINFO = r"""[a-zA-Z][a-zA-Z0-9+.-]{0,30}://[^\s/?#@:"'<>\\]{0,128}:[^\s/"'<>\\]{1,256}@"""
LONE_USERINFO = r"""https?://[^\s/?#@:"'<>\\]{1,256}@"""
JWT = r"eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)*"
SCHEME = r"(?i:bearer|basic|negotiate)[ \t]{1,4}[A-Za-z0-9+/=_.~-]{4,}"
# Names that a text may carry in front of `=` or `:`; the key rules then judge the whole name.
NAMES = (
    r"(?i:passw(?:or)?[dt]|pass[-_. ]?phrase|passcode|pwd|secret|credential|token|"
    r"kennwort|wachtwoord|contrasena|mot[-_. ]?de[-_. ]?passe|"
    r"(?:api|access|auth|private|signing|encryption|master|ssh|license|account|shared|app|hmac|"
    r"integration)[-_. ]?key|"
    r"authori[sz]ation|bearer|[cx]srf|cookie|sess(?:ion)?[-_. ]?(?:id|key)|"
    r"(?:card|account|passport|routing|cc)[-_. ]?number|credit[-_. ]?card|security[-_. ]?code|"
    r"social[-_. ]?security|date[-_. ]?of[-_. ]?birth|cv[vc]|ssn|iban|jwt|otp|passw?|pw|auth|sid"
)
BETWEEN = r"""[\w.-]{0,32}(?:\\{0,8}["'])?\]?\s{0,4}(?:=>|:=|==?|:|%3[AaDd])"""
EMAIL_NAME = r"[\w.+%\x80-\xff-]{1,64}(?:@|%40)"
EMAIL_HOST = r"[a-zA-Z0-9\x80-\xff-]+(?:\.[a-zA-Z0-9\x80-\xff-]+)+"
CARD = r"\d{4,}(?:[ -]?\d){9,15}"
SSN = r"\d{3}-\d{2}-\d{4}|\d{3} \d{2} \d{4}"
IBAN = r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?"
PHONE = r"\+[1-9](?:[ ().-]{0,2}\d){7,14}"
IPV4 = r"(?:\d{1,3}\.){3}\d{1,3}"
IPV6 = r"(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}"

_NOTHING = re.compile(rb"(?i)(?:none|null|nil|undefined|true|false|\*+|<redacted>|)")
_PROSE = re.compile(
    rb"(?i)(?:must|is|isn|are|was|should|can|cannot|could|may|not|too|has|have|had|does|do|did|"
    rb"will|for|from|in|on|of|and|or|to|the|a|an|this|that|field|value|required|incorrect|"
    rb"invalid|wrong|expired|missing|unexpected|failed|denied|mismatch|empty)"
)
_PLAIN_WORD = re.compile(rb"[a-z]{1,15}")
_NAME_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
_GAPS = (b"", b" ", b"\n", b"\r", b'"', b"'", b",", b";", b"&", b")", b"<", b"\\")
_MAX_PASSES = 5
_REMEMBERED, _REMEMBERED_LENGTH = 16384, 200


def compile_bytes(pattern: str) -> Any:
    """For UTF-8 text as bytes, so that positions are byte positions."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 32 << 20
    return re2.compile(pattern.encode("latin-1"), options)


def compile_custom(pattern: str) -> Any:
    """An operator's expression, for text. Raises re2.error."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


class TextRules:
    """Replaces secrets inside one text.

    `custom` maps a label to an expression. `code` is for lines of source code, where only
    literals are values: `password = form.password` stays, `password = "x"` does not.
    """

    def __init__(
        self,
        keys: KeyRules,
        *,
        emails: bool,
        phones: bool,
        addresses: bool,
        custom: Mapping[str, Any],
    ) -> None:
        self._keys = keys
        names = (
            "|".join((NAMES, *("[-_. ]?".join(map(re.escape, name)) for name in keys.extra))) + ")"
        )
        found = list(forms(keys, names))
        choices: list[tuple[str, Check]] = [
            (PEM + PEM_REST, checks.label(b"[private key]")),
            (USERINFO, checks.userinfo),
            (LONE_USERINFO, checks.lone_userinfo),
            (JWT, checks.label(b"[token]")),
            (PROVIDER_KEYS, checks.provider_key),
            (SCHEME, checks.scheme),
            (names + BETWEEN, partial(self._pair, code=False)),
            *((form.pattern, form.check) for form in found),
            (IBAN, checks.iban),
            (CARD, checks.card),
            (SSN, checks.ssn),
        ]
        wide = [
            PEM,
            r"""://[^\s/"\\]{1,400}@""",
            r"eyJ[A-Za-z0-9_-]{10}",
            # A name in front would be begun at every word of the event.
            PROVIDER_KEYS.replace(_OFFICE_OF, _OFFICE),
            _wide_scheme(),
            *(form.marks for form in found),
        ]
        wide += [names + r"""(?:[\w.\]' -]|\\.){0,80}(?:[:=]|%3[AaDd])""", IBAN]
        wide += [r"(?:4|5[0-8]|6|3[04-9]|2[2-7])(?:[ -]?\d){12}", SSN]
        if emails:
            choices.append((EMAIL_NAME + EMAIL_HOST, checks.email))
            wide.append(r"[\w.+%\x80-\xff-](?:@|%40)[a-zA-Z0-9.\x80-\xff-]*\.[a-zA-Z\x80-\xff]{2}")
        if phones:
            choices.append((PHONE, checks.phone))
            wide.append(PHONE)
        if addresses:
            choices += [(IPV4, checks.address), (IPV6, checks.address)]
            wide += [IPV4, IPV6]
        self._pattern = compile_bytes("|".join(f"({pattern})" for pattern, _ in choices))
        self._checks = [check for _, check in choices]
        self._code_checks = [
            partial(self._pair, code=True) if pattern == names + BETWEEN else check
            for pattern, check in choices
        ]
        self._custom = [(f"[{label}]", pattern) for label, pattern in custom.items()]
        self.prefilter = "|".join(wide)
        # With an operator's expressions every text is looked at; most have been seen before.
        self._harmless: set[str] = set()

    def clean(self, text: str, code: bool = False) -> str:
        """The text itself where there is nothing to hide."""
        if text in self._harmless:
            return text
        data = text.encode("utf-8", "surrogatepass")
        cleaned = data
        for _ in range(_MAX_PASSES):
            cleaned, again = self._pass(cleaned, self._code_checks if code else self._checks)
            if not again:
                break
        if cleaned is not data:
            # A bounded run may have cut a character in two.
            text = cleaned.decode("utf-8", "replace")
        return self._clean_custom(text, code) if self._custom else text

    def _clean_custom(self, text: str, code: bool) -> str:
        # google-re2 takes no lone surrogates.
        cleaned = text.encode("utf-8", "replace").decode()
        for replacement, pattern in self._custom:
            cleaned = pattern.sub(lambda _, label=replacement: label, cleaned)
        if cleaned != text:
            return cleaned
        if len(text) <= _REMEMBERED_LENGTH and not code:
            if len(self._harmless) >= _REMEMBERED:
                self._harmless.clear()
            self._harmless.add(text)
        return text

    def _pass(self, data: bytes, judges: list[Check]) -> tuple[bytes, bool]:
        """The cleaned text, and whether something touched what was replaced: a number that stuck
        to a secret was part of a longer word, and now begins at the replacement's end."""
        pieces: list[bytes] = []
        touched = False
        done = at = 0
        search = self._pattern.search
        while at < len(data) and (match := search(data, at)):
            start = match.start()
            found = judges[match.lastindex - 1](data, start, match.end())
            if isinstance(found, int):
                at = max(found, start + 1)
                continue
            value_start, value_end, replacement = found
            if data[value_start:value_end] != replacement:
                pieces += (data[done:value_start], replacement)
                done = value_end
                touched = touched or _touches(data, value_start, value_end)
            at = max(value_end, start + 1)
        if not pieces:
            return data, False
        pieces.append(data[done:])
        return b"".join(pieces), touched

    def _pair(self, data: bytes, start: int, end: int, *, code: bool) -> Finding | int:
        """A name with `=` or `:` behind it: what follows is its value."""
        separator = data[end - 1 : end]
        name_start = _name_start(data, start)
        is_encoded = separator not in (b":", b"=", b">")
        # `%26token%3D` in an address within an address: `&token=`.
        if is_encoded and data[name_start - 1 : name_start] == b"%":
            name_start = min(name_start + 2, start)
        head = data[name_start : end - 3 if is_encoded else end].rstrip(b":=> \t\r\n")
        name = head.rstrip(b"]\\\"'")
        bracketed = head[-1:] == b"]" and data[name_start - 1 : name_start] == b"["
        if bracketed and not checks.word_before(data, name_start - 1):
            # `user[password]=x` is a field of a form, `[password] = x` has been replaced before.
            return end
        label = self._keys.label(name.decode("utf-8", "replace"))
        if not label:
            return end
        found = scrub_values.encoded(data, end) if is_encoded else scrub_values.quoted(data, end)
        if found is None:
            if code:
                return end
            if label == "cookie" or b"uthori" in name.lower():
                found = scrub_values.line(data, end)
            else:
                found = scrub_values.bare(data, end)
            value = data[found[0] : found[1]]
            spaced = separator == b":" and data[end : end + 1] == b" "
            if spaced and _is_prose(name, label, value):
                return end
        value = data[found[0] : found[1]]
        if _is_harmless(value) or (label == "token" and name.endswith(b"s") and value.isdigit()):
            return end
        return found[0], found[1], f"[{label}]".encode()


def _wide_scheme() -> str:
    return r"(?i:bearer|basic|negotiate)(?:[ \t]|\\t)"


def _name_start(data: bytes, at: int) -> int:
    floor = max(0, at - 64)
    while at > floor and data[at - 1] in _NAME_BYTES:
        at -= 1
    return at


def _is_harmless(value: bytes) -> bool:
    return bool(_NOTHING.fullmatch(value) or checks.is_label(value))


def _is_prose(name: bytes, label: str, value: bytes) -> bool:
    """`invalid token: expired`, `password: must be longer`, `first pass: check` are sentences.
    A password or a secret may be any other word, a token hardly ever is one."""
    if _PROSE.fullmatch(value):
        return True
    may_be_word = label in ("password", "secret", "credentials") and name.lower() != b"pass"
    return not may_be_word and bool(_PLAIN_WORD.fullmatch(value))


def _touches(data: bytes, start: int, end: int) -> bool:
    return data[end : end + 1] not in _GAPS or (start > 0 and data[start - 1 : start].isalnum())
