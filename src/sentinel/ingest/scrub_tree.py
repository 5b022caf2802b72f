"""What is hidden in a JSON value, by key and by form, and where to look for it."""

import re
from itertools import islice
from typing import Any

from sentinel.ingest import scrub_keys
from sentinel.ingest.scrub_identity import Identities
from sentinel.ingest.scrub_keys import SEPARATORS, KeyRules
from sentinel.ingest.scrub_patterns import TextRules, compile_bytes, compile_custom
from sentinel.ingest.scrub_policy import ScrubPolicy
from sentinel.ingest.scrub_walk import NAMES_A_VALUE, NOWHERE, Path, Walk, encode

# So many marks say that looking everywhere is cheaper than locating each one.
MAX_MARKS = 256
_CACHED_KEYS = 8192
_CACHED_LENGTH = 100
_FIRST_LABEL = re.compile(r"\[[a-z ]+\]")


class TreeRules:
    """The rules of one policy for any JSON value. Raises ValueError for a malformed pattern."""

    def __init__(self, policy: ScrubPolicy, identities: Identities) -> None:
        paths = [entry for entry in policy.allow if "." in entry]
        self._paths = [tuple(path.split(".")) for path in paths]
        self._keys = KeyRules(policy.sensitive_keys, [k for k in policy.allow if k not in paths])
        self._texts = TextRules(
            self._keys,
            emails=policy.emails == "mask",
            phones=policy.phones == "mask",
            addresses=policy.ip_addresses == "mask",
            custom={label: _custom(label, text) for label, text in policy.patterns.items()},
        )
        self._identities = identities if policy.users == "hash" else None
        self._key_names: dict[str, str] = {}
        self._key_sizes: dict[str, int] = {}
        # An operator's expression may look at line ends or quotes, which encoding changes, so
        # nothing can be marked beforehand for it.
        self._prefilter = None if policy.patterns else _prefilter(self._keys, self._texts)

    def clean(self, value: Any) -> Any:
        """Any JSON value; the value itself where there is nothing to hide."""
        marks, size = self._marks(value)
        return value if marks == [] else Walk(self, marks).value(value, 0, size, (), 0)

    def clean_everywhere(self, value: Any) -> Any:
        """As `clean`, without marking first: slower, and what `clean` is tested against."""
        return Walk(self, None).value(value, 0, NOWHERE, (), 0)

    def _marks(self, value: Any) -> tuple[list[int] | None, int]:
        """Where the encoded value may hold something, None for everywhere; and its length."""
        if self._prefilter is None:
            return None, NOWHERE
        try:
            data = encode(value)
        except (UnicodeEncodeError, RecursionError, TypeError, ValueError, OverflowError):
            return None, NOWHERE
        found = [match.start() for match in islice(self._prefilter.finditer(data), MAX_MARKS)]
        return (found, len(data)) if len(found) < MAX_MARKS else (None, NOWHERE)

    def label(self, key: str) -> str:
        return self._keys.label(key)

    def text(self, text: str, code: bool = False) -> str:
        return self._texts.clean(text, code)

    def key(self, key: str) -> str:
        """The key itself; of one that names a person only what it named: `[email]`."""
        known = self._key_names.get(key)
        if known is None:
            known = self.text(key)
            # A key that names a person is not remembered.
            if known == key and len(key) <= _CACHED_LENGTH and len(self._key_names) < _CACHED_KEYS:
                self._key_names[key] = known
        if known != key and (label := _FIRST_LABEL.search(known)):
            return label[0]
        return known

    def key_size(self, key: str) -> int:
        """Bytes of the encoded key."""
        known = self._key_sizes.get(key)
        if known is None:
            try:
                known = len(encode(key))
            except UnicodeEncodeError:
                return 0  # Nothing that holds this key could be encoded: there are no marks.
            if len(self._key_sizes) < _CACHED_KEYS and len(key) <= _CACHED_LENGTH:
                self._key_sizes[key] = known
        return known

    def session(self, name: str) -> str:
        return self._identities.session(name) if self._identities else name

    def allows(self, path: Path) -> bool:
        return bool(self._paths) and any(
            len(allowed) == len(path)
            and all(want in ("*", found) for want, found in zip(allowed, path, strict=True))
            for allowed in self._paths
        )


def _custom(label: str, pattern: str) -> Any:
    try:
        return compile_custom(pattern)
    except Exception as error:
        raise ValueError(
            f"scrub pattern {label!r}: found {pattern!r}, expected a google-re2 expression: {error}"
        ) from error


def _prefilter(keys: KeyRules, texts: TextRules) -> Any:
    """One expression over an encoded event. It knows no word boundaries, as in JSON the letter n
    of an escaped line end may stand in front of a secret."""
    inside, last = scrub_keys.prefilter(keys)
    letters = rf"""(?:\w|{SEPARATORS})*"""
    named = "|".join(NAMES_A_VALUE)
    choices = [
        rf"""(?i:{inside})(?:[^"\\]|\\.)*":""",
        rf"""(?i:{last})":""",
        rf"""(?:\[|"(?:{named})":)"{letters}(?i:{inside}{letters}|{last})",?""",
        texts.prefilter,
    ]
    return compile_bytes("|".join(choices))
