"""Tests of the rules once they have been read and checked. Times are in seconds from the start
of the test."""

from collections.abc import Mapping

from msgspec import Struct

from sentinel.config.schema_tests import ExpectedState
from sentinel.model.alert import AlertSeverity, IncidentState
from sentinel.model.broadcast import Phase
from sentinel.model.delivery import Reason
from sentinel.model.signal import AnySignal


class FeedConfig(Struct, frozen=True, kw_only=True):
    """`times` signals, the first `at` this time and the next ones `every` so many seconds. The
    signal has neither id nor time."""

    at: float
    every: float
    times: int
    signal: AnySignal


class AcknowledgeConfig(Struct, frozen=True, kw_only=True):
    """`labels` are those that the alert has among others. `by` is a person."""

    at: float
    alert: str
    labels: Mapping[str, str]
    by: str | None
    line: int


class SilenceConfig(Struct, frozen=True, kw_only=True):
    """`matchers` are checked texts."""

    at: float
    matchers: tuple[str, ...]
    duration: float


class ExpectedAlert(Struct, frozen=True, kw_only=True):
    """`absent`: there is no such alert that is not over."""

    alert: str
    state: ExpectedState
    labels: Mapping[str, str]


class ExpectedDelivery(Struct, frozen=True, kw_only=True):
    """To a person over any of the `channels`, or to a channel itself: then `person` is None.

    `times` is how many there must be: 0 for none, None for at least one.
    """

    person: str | None
    channels: frozenset[str]
    times: int | None
    reason: Reason | None


class ExpectedIncidents(Struct, frozen=True, kw_only=True):
    """Incidents that meet all that is not None. `times` is how many there must be, None for at
    least one."""

    root: str | None
    state: IncidentState | None
    severity: AlertSeverity | None
    size: int | None
    times: int | None


class ExpectedAction(Struct, frozen=True, kw_only=True):
    """Whether some rule has this action run."""

    action: str
    runs: bool


class ExpectedUpdate(Struct, frozen=True, kw_only=True):
    """Whether such an update is published; any phase where it is None."""

    broadcast: str
    phase: Phase | None
    goes_out: bool


class ExpectConfig(Struct, frozen=True, kw_only=True):
    """What must be so from `start` to `end`, both included; one moment where they are equal.

    `text` is the expectation as it was written, for a person.
    """

    start: float
    end: float
    what: ExpectedAlert | ExpectedDelivery | ExpectedIncidents | ExpectedAction | ExpectedUpdate
    text: str
    line: int


class RuleTestConfig(Struct, frozen=True, kw_only=True):
    """`start` is in seconds since 1970 UTC, None where any day will do. `reload` and `restart`
    are the times at which the files are read again and the daemon is started anew."""

    name: str
    start: float | None
    signals: tuple[FeedConfig, ...]
    acknowledge: tuple[AcknowledgeConfig, ...]
    silence: tuple[SilenceConfig, ...]
    reload: tuple[float, ...]
    restart: tuple[float, ...]
    expect: tuple[ExpectConfig, ...]
    file: str
    line: int
