"""Which keys name a secret: `DB_PASSWORD`, `X-Api-Key`, `stripeSecretKey`, but not `token_count`.

A key is cut into lower-case words at separators and camel case. Compound names are looked for in
the words joined together, so that `api_key`, `apiKey` and `API-Key` are one; short names, which
are part of many harmless words, must be the last word.
"""

import re
from collections.abc import Sequence

# Anywhere in the joined words. The value is what the replacement says.
COMPOUNDS = {
    "password": "password",
    "passwd": "password",
    "passwort": "password",
    "passphrase": "password",
    "passcode": "password",
    "kennwort": "password",
    "wachtwoord": "password",
    "contrasena": "password",
    "motdepasse": "password",
    "secret": "secret",
    "credential": "credentials",
    "apikey": "token",
    "accesskey": "token",
    "authkey": "token",
    "accountkey": "token",
    "sharedkey": "token",
    "appkey": "token",
    "hmackey": "token",
    "integrationkey": "token",
    "signingkey": "token",
    "encryptionkey": "token",
    "masterkey": "token",
    "licensekey": "token",
    "sshkey": "private key",
    "privatekey": "private key",
    "token": "token",
    "authorization": "token",
    "authorisation": "token",
    "bearer": "token",
    "csrf": "token",
    "xsrf": "token",
    "cookie": "cookie",
    "sessionid": "session",
    "sessionkey": "session",
    "sessid": "session",
    "cardnumber": "card",
    "creditcard": "card",
    "ccnumber": "card",
    "securitycode": "cvv",
    "cvv": "cvv",
    "socialsecurity": "ssn",
    "dateofbirth": "birth date",
    "passportnumber": "passport",
    "accountnumber": "account",
    "routingnumber": "account",
}
# Only as the last word, with a plural s or digits behind it.
LAST_WORDS = {
    "pass": "password",
    "pwd": "password",
    "pw": "password",
    "passw": "password",
    "dbpass": "password",
    "userpass": "password",
    "smtppass": "password",
    "mailpass": "password",
    "rootpass": "password",
    "adminpass": "password",
    "bindpw": "password",
    "dbpw": "password",
    "userpw": "password",
    "rootpw": "password",
    "auth": "token",
    "jwt": "token",
    "otp": "token",
    "pin": "token",
    "cvc": "cvv",
    "ssn": "ssn",
    "iban": "account",
    "dob": "birth date",
    "session": "session",
    "sid": "session",
}
# A last word that says: this is about the secret, it isn't the secret.
NEUTRAL = frozenset(
    """age alg algorithm at attempts class column count counts domain duration enabled endpoint
    error errors exp expires expired expiration expiry field file filename hint in index invalid
    kind len length level limit lifetime limits manager max method min missing mode model name names
    needed offset params passwordless path policy position provider rate regex remaining required
    rotation rules samesite scope scopes secretary secure size source status store strength
    timeout tokenization tokenize tokenizer total ttl type types uri url usage used valid
    validator validators version""".split()  # noqa: SIM905 - eighty lines otherwise
)
SEPARATORS = r"[-_. :/\[\]$]"
_SPLIT = re.compile(SEPARATORS + "+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TAIL = re.compile(r"s?\d*$")
# A key that named a person and was replaced says nothing about its value.
_REPLACED = re.compile(r"\[[a-z ]+\](?: \d+)?")
_CACHED_KEYS = 8192
_CACHED_LENGTH = 100


def words_of(key: str) -> list[str]:
    """Lower-case words. Only ASCII changes case, as in the prefilter's regular expressions."""
    parts = _SPLIT.split(_CAMEL.sub("_", key))
    return [part.encode("utf-8", "surrogatepass").lower().decode("latin-1") for part in parts]


def joined(key: str) -> str:
    return "".join(words_of(key))


def spread(name: str) -> str:
    """A regular expression for `name` with separators anywhere between its letters."""
    return (SEPARATORS + "*").join(re.escape(letter) for letter in name)


class KeyRules:
    """Decides by key; the decisions are kept, as the same few hundred keys come again and again."""

    def __init__(self, sensitive: Sequence[str] = (), allowed: Sequence[str] = ()) -> None:
        extra = {name: "secret" for key in sensitive if (name := joined(key))}
        self.extra = tuple(extra)
        self._compounds = tuple((extra | COMPOUNDS).items())
        self._allowed = frozenset(joined(key) for key in allowed)
        self._known: dict[str, str] = {}

    def label(self, key: str) -> str:
        """What the value under this key is (`password`, `token`, …), or nothing."""
        known = self._known.get(key)
        if known is None:
            known = self._decide(key)
            if len(self._known) < _CACHED_KEYS and len(key) <= _CACHED_LENGTH:
                self._known[key] = known
        return known

    def _decide(self, key: str) -> str:
        words = [word for word in words_of(key) if word]
        name = "".join(words)
        if not words or name in self._allowed or _REPLACED.fullmatch(key):
            return ""
        for extra in self.extra:
            if extra in name:
                return "secret"
        if words[-1] in NEUTRAL:
            return ""
        for compound, label in self._compounds:
            if compound in name:
                return label
        last = words[-1]
        return LAST_WORDS.get(last) or LAST_WORDS.get(_TAIL.sub("", last), "")


def prefilter(rules: KeyRules) -> tuple[str, str]:
    """Expressions for every name that `rules` may call sensitive, and for a few more: one for
    what may stand anywhere in a key, one for what must end it."""
    inside = "|".join(spread(name) for name in (*COMPOUNDS, *rules.extra))
    last = "|".join(spread(name) for name in LAST_WORDS)
    return f"(?:{inside})", f"(?:{last}){SEPARATORS}*s?[0-9]*{SEPARATORS}*"
