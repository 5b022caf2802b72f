"""Passwords, as Argon2id hashes."""

import asyncio
from functools import cache
from typing import TYPE_CHECKING

from sentinel.errors import Invalid

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 12
_LONGEST = 200
_AT_ONCE = 2


class Passwords:
    """Hashing takes some 30 ms and 19 MiB, so it runs on a thread, and few at a time."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        async with self._room:
            return await asyncio.to_thread(_hasher().hash, password)

    async def matches(self, hashed: str | None, password: str) -> bool:
        """Takes as long where there is nobody to compare with."""
        async with self._room:
            return await asyncio.to_thread(_matches, hashed, password[:_LONGEST])


def require_good(password: str, again: str) -> None:
    """Raises Invalid with what to do about it."""
    if len(password) < SHORTEST:
        raise Invalid(
            f"That has {len(password)} characters, and it takes at least {SHORTEST}: "
            "a few words in a row are good and easy to keep in mind."
        )
    if len(password) > _LONGEST:
        raise Invalid(f"That has more than {_LONGEST} characters: a shorter one will do.")
    if len(set(password)) < 5:
        raise Invalid("That repeats too few characters: a few words in a row are better.")
    if password != again:
        raise Invalid("The two are not the same: type it again.")


def _matches(hashed: str | None, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(hashed or _nobodys(), password) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> "PasswordHasher":
    # Loaded with the first sign-in, not with the daemon.
    from argon2 import PasswordHasher

    # OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@cache
def _nobodys() -> str:
    return _hasher().hash("nobody signs in with this")
