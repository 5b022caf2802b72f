"""Links that open the status page of one tenant, until they run out or are taken back."""

from sentinel.errors import Unauthorized
from sentinel.signing import Grant, Signer

_OBJECT = "tenant:"


def token(signer: Signer, tenant: str, generation: int, expires: float = 0.0) -> str:
    """`expires` in seconds since 1970 UTC, 0 for never. The same arguments give the same one."""
    return signer.sign(Grant("status", f"{_OBJECT}{tenant}", str(generation), int(expires)))


def address(public_url: str, token: str) -> str:
    return f"{public_url}/status/t/{token}"


def open_token(signer: Signer, given: str, now: float) -> tuple[str, int]:
    """The tenant and the generation of the link. Raises Unauthorized, saying why."""
    grant = signer.open(given, now)
    if grant.purpose != "status" or not grant.object.startswith(_OBJECT):
        raise Unauthorized("this link is for something else")
    return grant.object.removeprefix(_OBJECT), int(grant.who)
