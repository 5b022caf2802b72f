"""Every error that Sentinel raises on purpose, under one root class."""


class SentinelError(Exception):
    """Root of all deliberate errors; its text is meant for a person."""


class ConfigError(SentinelError):
    """A configuration that is refused; its text lists every problem found."""


class StoreError(SentinelError):
    """The store could not keep what it was given; nothing of it was kept."""


class StoreTooNew(StoreError):
    """The database was written by a newer Sentinel than this one."""


class Invalid(SentinelError):
    """Input from outside that can't be understood: what was found, what was expected."""


class Unauthorized(SentinelError):
    """The caller's key, token or session is missing, unknown or not allowed to do this."""


class TooLarge(SentinelError):
    """Input from outside that exceeds a size limit, before or after decompression."""


class Overloaded(SentinelError):
    """A queue or a quota is full; the caller may try again after `retry_after` seconds."""

    def __init__(self, text: str, retry_after: float) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class DeliveryError(SentinelError):
    """A notifier could not hand a message over. Raise one of its two subclasses."""


class Permanent(DeliveryError):
    """Trying again can't help: an unknown address, a refused sender, a bad credential.

    `unreachable` says that it is the address itself that is of no use, whatever is sent there:
    clients are not written to for ever where that is so.
    """

    def __init__(self, text: str, unreachable: bool = False) -> None:
        super().__init__(text)
        self.unreachable = unreachable


class Retryable(DeliveryError):
    """Trying again may help. `after` is the provider's own wish, in seconds, if it gave one."""

    def __init__(self, text: str, after: float | None = None) -> None:
        super().__init__(text)
        self.after = after
