"""How a test of the rules went. Times are in seconds from the start of the test."""

from msgspec import Struct


class Line(Struct, frozen=True, tag="decision"):
    """One decision: `about` is the alert, incident or rule that it concerns."""

    at: float
    what: str
    about: str
    text: str


class Mark(Struct, frozen=True, tag="mismatch"):
    """Here it showed that the expectation on this line of the file is not met."""

    at: float
    line: int


class Gap(Struct, frozen=True, tag="left_out"):
    """So many decisions are not shown."""

    decisions: int


class Failure(Struct, frozen=True):
    """`line` is that of the expectation, `at` when it showed that it is not met."""

    line: int
    expected: str
    found: str
    at: float


class Result(Struct, frozen=True, kw_only=True):
    """`start` is in seconds since 1970 UTC, `seconds` is how long it really took. The timeline
    shows what was decided around the failures."""

    name: str
    file: str
    line: int
    passed: bool
    seconds: float
    start: float
    failures: tuple[Failure, ...] = ()
    timeline: tuple[Line | Mark | Gap, ...] = ()
