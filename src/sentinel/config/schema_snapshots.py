"""The mapping `snapshots` of the main file: what a health round holds, and what is good."""

# Ruff does not see from here that a Section is a msgspec record, which copies its defaults.
# ruff: noqa: RUF012

from typing import Annotated, Literal

from msgspec import Meta, field

from sentinel.config.section import Label, Name, Positive, Section, Share, Text
from sentinel.model.snapshot import Overall
from sentinel.model.values import Duration, duration

_Factor = Annotated[float, Meta(gt=1)]
_Least = Annotated[int, Meta(ge=1)]


class Count(Section, frozen=True):
    """How many of something there are: the latest value of a metric that a probe reports."""

    metric: Annotated[Name, Meta(description="Name of the metric, from any probe or sender.")]
    component: Annotated[
        Text | None, Meta(description="Only the values of this component; all if not given.")
    ] = None
    drop: Annotated[
        Share | None,
        Meta(description="Worse is so large a part less; none if null, for what may fall."),
    ] = 0.05
    rise: Annotated[
        Positive | None, Meta(description="Worse is so large a part more; 0.5 is half again.")
    ] = None


class Checksums(Section, frozen=True):
    """Whose changes are noticed. Names are kept and told of, never values."""

    env: Annotated[
        list[Label], Meta(description="Variables of the environment that the daemon runs in.")
    ] = []
    env_files: Annotated[
        list[Text],
        Meta(
            description="Files of NAME=value lines, such as an application's .env: each variable "
            "is watched by itself. Relative to this file, as the next ones."
        ),
    ] = []
    files: Annotated[list[Text], Meta(description="Files that are watched as a whole.")] = []


class Good(Section, frozen=True):
    """When the system is known to be good."""

    overall: Annotated[
        Overall, Meta(description="The worst overall state that is good: healthy or degraded.")
    ] = "healthy"
    unacknowledged: Annotated[
        Literal["critical", "warning", "none"],
        Meta(
            description="No alert of this severity or a higher one that nobody has acknowledged; "
            "none: alerts don't matter."
        ),
    ] = "critical"
    for_: Annotated[
        Duration,
        Meta(description="So long it must have stayed good; at least `window`, up to 1d."),
    ] = field(name="for", default_factory=lambda: Duration.parse("15m"))

    def __post_init__(self) -> None:
        if self.overall == "critical":
            raise ValueError("expected an `overall` of healthy or degraded, found critical")


class Worse(Section, frozen=True):
    """From where on a difference is a regression, and not noise."""

    error_factor: Annotated[
        _Factor, Meta(description="So many times the errors a minute of the good snapshot.")
    ] = 2.0
    min_errors: Annotated[_Least, Meta(description="And at least so many within the window.")] = 20
    min_new: Annotated[
        _Least, Meta(description="So many errors of a group that was not known before.")
    ] = 5
    latency_factor: Annotated[
        _Factor, Meta(description="So many times the median, or the 95th percentile.")
    ] = 2.0
    min_latency: Annotated[
        Duration, Meta(description="And at least so much slower than it was.")
    ] = duration("50ms")
    min_samples: Annotated[
        int, Meta(ge=5, description="Measurements that both sides must have, to be compared.")
    ] = 10
    rounds: Annotated[
        int, Meta(ge=1, le=60, description="In so many rounds in a row something must be worse.")
    ] = 3


class Snapshots(Section, frozen=True):
    """What the whole system looks like, round by round, and whether it got worse."""

    every: Annotated[Duration, Meta(description="Time between two health rounds.")] = duration("1m")
    window: Annotated[
        Duration, Meta(description="Errors and latencies are counted over the last so long.")
    ] = duration("10m")
    weekly: Annotated[
        bool,
        Meta(
            description="What is no worse than at the same hour a week ago is no regression, such "
            "as a nightly batch."
        ),
    ] = True
    silent_after: Annotated[
        Duration, Meta(description="A component of which nothing is heard for so long is unknown.")
    ] = duration("1h")
    counts: Annotated[
        dict[Name, Count], Meta(description="Data that is counted, by what you call it.")
    ] = {}
    checksums: Annotated[
        Checksums, Meta(description="Environment and files whose changes are noticed.")
    ] = field(default_factory=Checksums)
    good: Annotated[Good, Meta(description="When the system is known to be good.")] = field(
        default_factory=Good
    )
    worse: Annotated[Worse, Meta(description="When a difference is a regression.")] = field(
        default_factory=Worse
    )

    def __post_init__(self) -> None:
        if not 10 <= self.every <= self.window:
            raise ValueError(
                f"expected an `every` from 10s to `window` ({self.window}), found {self.every}"
            )
        if self.silent_after < self.every:
            raise ValueError(
                f"expected a `silent_after` of at least `every` ({self.every}), "
                f"found {self.silent_after}"
            )
        if not self.window <= self.good.for_ <= 86_400:
            raise ValueError(
                f"expected a `good.for` from `window` ({self.window}) to 1d, found {self.good.for_}"
            )
