"""What must not be read by clients: found in what people write, and taken out of what nobody looked
at. Names of hosts, addresses, error codes and what only the operators call things by."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from msgspec import Struct

LeakKind = Literal[
    "e-mail address", "web address", "IP address", "file path", "error code", "host name",
    "internal name", "tenant",
]  # fmt: skip
HIDDEN = "[…]"

_SUFFIXES = (
    "com|net|org|info|io|dev|app|cloud|co|eu|uk|de|fr|es|it|nl|ch|at|us|ca|au|jp|biz|tech|ai|"
    "internal|intranet|local|localdomain|lan|corp|home|private|svc|cluster|intra|arpa|"
    "example|test|invalid|onion"
)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# What machines are called, with a number at its end: web-3, DB01, ip-10-2-3-4.
_MACHINES = (
    "api|app|auth|backend|bastion|cache|db|dc|dns|edge|es|esx|etcd|front(?:end)?|gateway|gw|host|ip|"
    "job|k8s|kafka|lb|log|mail|master|mongo|mq|mx|mysql|nas|nginx|node|ns|pg|pod|postgres|primary|"
    "proddb|proxy|queue|rabbit(?:mq)?|redis|replica|san|search|server|shard|smtp|sql|srv|storage|"
    "sw|vm|vpn|web|worker"
)
_CONNECTING = (
    "ACCES|ADDRINUSE|AI_AGAIN|CONNABORTED|CONNREFUSED|CONNRESET|HOSTUNREACH|MFILE|NETUNREACH|NOENT|"
    "NOMEM|NOSPC|NOTFOUND|PERM|PIPE|TIMEDOUT"
)
_PATTERNS: tuple[tuple[LeakKind, re.Pattern[str]], ...] = (
    ("web address", re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s<>\"']+")),
    ("e-mail address", re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}")),
    ("IP address", re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)")),
    ("IP address", re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")),
    ("file path", re.compile(r"(?<![\w/])~?/(?:[\w.@-]+/)+[\w.@-]*")),
    (
        "file path",
        re.compile(r"(?<!\w)(?:[A-Za-z]:\\|\\\\)[\w.$-]{1,80}(?:\\[\w.$-]{1,80}){0,20}"),
    ),
    (
        "file path",
        re.compile(
            r"(?<![\w.])[\w-]{1,80}\.(?:py|rb|go|php|java|log|conf|ya?ml|sh|sql)\b(?::\d+)?"
        ),
    ),
    ("error code", re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")),
    ("error code", re.compile(rf"\bE(?:{_CONNECTING})\b")),
    ("error code", re.compile(r"\b(?:ORA|SQLSTATE|TNS|E)[- ]?\d{3,5}\b|\b0x[0-9A-Fa-f]{4,16}\b")),
    ("error code", re.compile(r"\b(?:SIG(?:KILL|SEGV|TERM|ABRT)|OOMKilled|CrashLoopBackOff)\b")),
    ("error code", re.compile(r"\b[A-Z][A-Za-z]{1,40}(?:Error|Exception|Fault)\b")),
    ("host name", re.compile(rf"\b(?:{_LABEL}\.){{1,8}}(?:{_SUFFIXES})\b(?!\.?[A-Za-z0-9])")),
    ("host name", re.compile(rf"\b(?:{_LABEL}\.){{2,8}}[a-z][a-z0-9-]{{1,63}}\b")),
    ("host name", re.compile(r"\blocalhost(?::\d+)?\b")),
    (
        "host name",
        re.compile(
            rf"(?<![\w-])(?:[a-z]{{1,20}}-){{0,4}}(?:{_MACHINES})(?:-?\d{{1,4}}){{1,4}}(?![\w-])"
        ),
    ),
    ("host name", re.compile(rf"\b(?:{_MACHINES.upper()})-?\d{{1,4}}(?![\w-])")),
    # Pods of Kubernetes, and instances and resources of clouds.
    (
        "host name",
        re.compile(r"\b(?:[a-z0-9]{1,30}-){1,6}(?=[a-z]*\d)[a-z0-9]{8,10}-[a-z0-9]{5}(?![\w-])"),
    ),
    ("internal name", re.compile(r"\bi-[0-9a-f]{8,17}\b|\barn:aws[\w-]*:[^\s,;]{1,200}")),
    # Ids of commits and requests: neither a number nor a word.
    ("internal name", re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")),
    ("internal name", re.compile(r"\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}\b")),
    ("internal name", re.compile(r"\b[a-z][a-z0-9]{0,40}(?:_[a-z0-9]{1,40}){1,20}\b")),
)
# A plain word is also a word of the clients'. What only engineers write so is none.
_TECHNICAL = re.compile(r"[-_./\d]|[a-z][A-Z]")
_AFTER_ADDRESS = ".,;:!?)]}'\""
_SHORTEST_TENANT = 3


class Leak(Struct, frozen=True):
    """A piece of a text, from `start` on."""

    kind: LeakKind
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    def __str__(self) -> str:
        article = "an" if self.kind[0] in "aeiI" else "a"
        return f"{article} {self.kind}: {self.text}"


class Redaction:
    """`names` are those by which only operators know things; `public` are the addresses that
    clients may be sent to, such as the public one. `tenants` are the names of customers."""

    def __init__(
        self,
        *,
        names: Iterable[str] = (),
        public: Collection[str | None] = (),
        tenants: Iterable[str] = (),
    ) -> None:
        self._public = tuple(url.rstrip("/") for url in public if url)
        self._hosts = frozenset(_host_of(url) for url in self._public)
        self._names = _any_of(name for name in names if _TECHNICAL.search(name))
        self._tenants = _any_of((one for one in tenants if len(one) >= _SHORTEST_TENANT), re.I)

    def leaks(self, text: str) -> list[Leak]:
        """In the order of the text; of those that overlap the longest."""
        found: list[Leak] = []
        taken = bytearray(len(text))
        for leak in sorted(self._all(text), key=lambda leak: -len(leak.text)):
            if not any(taken[leak.start : leak.end]):
                taken[leak.start : leak.end] = b"\1" * len(leak.text)
                found.append(leak)
        known = [one for one in found if not self._is_public(one)]
        return sorted(known, key=lambda leak: leak.start)

    def redacted(self, text: str) -> str:
        """The text without them, nor what was hidden behind one of them."""
        while leaks := self.leaks(text):
            for leak in reversed(leaks):
                text = f"{text[: leak.start]}{HIDDEN}{text[leak.end :]}"
        return text

    def _all(self, text: str) -> Iterator[Leak]:
        for kind, pattern in _PATTERNS:
            for match in pattern.finditer(text):
                piece = match[0]
                if kind == "web address":
                    piece = piece.rstrip(_AFTER_ADDRESS)
                if not (kind == "IP address" and ":" in piece and not _is_ipv6(piece)):
                    yield Leak(kind, piece, match.start())
        named: tuple[tuple[LeakKind, re.Pattern[str] | None], ...] = (
            ("internal name", self._names),
            ("tenant", self._tenants),
        )
        for kind, names in named:
            for match in names.finditer(text) if names else ():
                yield Leak(kind, match[0], match.start())

    def _is_public(self, leak: Leak) -> bool:
        if leak.kind == "host name":
            return leak.text.lower() in self._hosts
        if leak.kind != "web address":
            return False
        return any(
            leak.text == url or leak.text.startswith((f"{url}/", f"{url}?", f"{url}#"))
            for url in self._public
        )


def described(leaks: Iterable[Leak]) -> str:
    """For whoever wrote them, each once."""
    return "; ".join(dict.fromkeys(map(str, leaks)))


def _is_ipv6(text: str) -> bool:
    """Times of day, such as 10:30:00, look alike."""
    return "::" in text or text.count(":") == 7 or re.search(r"[A-Fa-f]", text) is not None


def _any_of(words: Iterable[str], flags: int = 0) -> re.Pattern[str] | None:
    wanted = sorted({word for word in words if word}, key=lambda word: (-len(word), word))
    if not wanted:
        return None
    choices = "|".join(map(re.escape, wanted))
    return re.compile(rf"(?<![\w-])(?:{choices})(?![\w-])", flags)


def _host_of(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
