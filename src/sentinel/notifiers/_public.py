"""Whether a provider on the internet can call an address."""

import ipaddress
from urllib.parse import urlsplit

_LOCAL_NAMES = ("localhost", "local", "internal", "lan", "home.arpa")


def is_local(url: str) -> bool:
    """Whether its host is this machine or one of a private network, as far as the text tells."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(tuple(f".{name}" for name in _LOCAL_NAMES))


def uncalled(provider: str, url: str, instead: str) -> list[tuple[str, str]]:
    """What `Notifier.doubts` gives for a channel that its provider is to call back."""
    if not is_local(url):
        return []
    found = f"public_url {url}, which {provider} can't reach to call back"
    return [(found, f"an address on the internet, or {instead}")]
