"""Users and sessions: still countable and joinable, no longer a name."""

import re
from hashlib import blake2b

_UUID = r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"
# Ten to fifteen digits may be a telephone number, sixteen to nineteen a card.
_OPAQUE_USER = re.compile(
    rf"\d{{1,9}}|{_UUID}|[0-9a-f]{{24}}|[0-9A-HJKMNP-TV-Z]{{26}}|anonymous|guest|system|"
    r"(?:user|usr|uid|id|acct|account|cus|customer|member|client|contact|auth0|google-oauth2)"
    r"[-_:|](?:\d{1,9}|[A-Za-z0-9]*\d[A-Za-z0-9]*)"
)
_OPAQUE_SESSION = re.compile(
    rf"\d{{1,9}}|(?=[^-]*-){_UUID}|(?:session|sess|s)[-_](?:\d{{1,9}}|[0-9a-f]{{12}})"
)


class Identities:
    """Replaces what names a person by a keyed hash: the same person, the same hash."""

    def __init__(self, key: bytes) -> None:
        self._key = key if len(key) <= 64 else blake2b(key).digest()

    def user(self, name: str) -> str:
        """`alice@example.com` and `Alice` become `user_<12 hex>`; `42` and a UUID stay."""
        return name if _OPAQUE_USER.fullmatch(name) else f"user_{self._digest(name)}"

    def session(self, name: str) -> str:
        """A session id that could open the session is hashed; a number or a UUID stays."""
        return name if _OPAQUE_SESSION.fullmatch(name) else f"session_{self._digest(name)}"

    def _digest(self, name: str) -> str:
        data = name.strip().lower().encode("utf-8", "surrogatepass")
        return blake2b(data, digest_size=6, key=self._key).hexdigest()
