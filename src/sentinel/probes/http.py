"""An HTTP address: whether it answers, how fast, with what, and how long its certificate lasts.

Its metrics are http.latency (s), http.certificate.days (d), and the numbers that `metrics` names in
a JSON answer. They are read from an answer that is as expected only: what a server in trouble
counts says nothing. One that can't be read makes the component degraded.
"""

import asyncio
import ssl
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal

from msgspec import Meta
from yarl import URL

from sentinel.api import (
    Context,
    Duration,
    Metric,
    Params,
    Probe,
    Secret,
    Signal,
    Status,
    duration,
    hook,
)
from sentinel.probes._certificates import certificates_seen, client_context
from sentinel.probes.http_expectation import Expectation
from sentinel.probes.http_numbers import MOST, JsonNumber, MetricName, Numbers
from sentinel.probes.http_request import Answer, Failed, fetch

DAY = 86_400.0
_LATENCY, _CERTIFICATE = "http.latency", "http.certificate.days"
_MOST_SAID = 3


class HttpParams(Params, frozen=True):
    url: Annotated[
        str,
        Meta(
            pattern=r"^https?://[^\s@]+$",
            examples=["https://shop.example.com/health"],
            description="What to ask for.",
        ),
    ]
    method: Annotated[
        Literal["GET", "HEAD", "OPTIONS", "POST"], Meta(description="The request's method.")
    ] = "GET"
    headers: Annotated[
        Mapping[str, Secret],
        Meta(description="Headers to send; left out when a redirect leads to another site."),
    ] = {}
    expect_status: Annotated[
        tuple[int | str, ...], Meta(description="Good statuses: 200, or a range such as 200-299.")
    ] = ("200-299",)
    contains: Annotated[str | None, Meta(description="Text that the body must contain.")] = None
    matches: Annotated[
        str | None, Meta(description="Regular expression (RE2) that the body must match.")
    ] = None
    json: Annotated[
        Mapping[str, str | int | float | bool | None],
        Meta(description="Values that a JSON body must have, by path, as in checks.0.name."),
    ] = {}
    metrics: Annotated[
        Mapping[MetricName, str | JsonNumber],
        Meta(
            max_length=MOST,
            description="Numbers in a JSON body to report as metrics: name and path, as in "
            "`db.companies: counts.companies`, or `{path: queue.age, unit: s}`.",
        ),
    ] = {}
    degraded_above: Annotated[Duration, Meta(description="Degraded when slower.")] = duration("2s")
    down_above: Annotated[
        Duration,
        Meta(
            description="Down when slower. If only a shorter `timeout` is given, nine tenths of it."
        ),
    ] = duration("10s")
    certificate_days: Annotated[
        int, Meta(ge=0, description="Degraded when the certificate ends in fewer days.")
    ] = 14
    follow_redirects: Annotated[
        bool, Meta(description="Whether a redirect is followed or is the answer.")
    ] = True
    ca_file: Annotated[
        str | None, Meta(description="Certificate authorities (PEM) in place of the system's.")
    ] = None

    def __post_init__(self) -> None:
        # Each raises ValueError for what makes no sense.
        URL(self.url)
        expectation = Expectation(self.expect_status, self.contains, self.matches, self.json)
        numbers = Numbers(self.metrics)
        if taken := {_LATENCY, _CERTIFICATE} & self.metrics.keys():
            raise ValueError(f"expected another name in `metrics`: {min(taken)} is the probe's own")
        if self.method == "HEAD" and (expectation.reads_body or numbers):
            raise ValueError("expected `method: GET`: an answer to HEAD has no body to look at")


class HttpProbe(Probe[HttpParams]):
    """Each look opens a connection of its own, so that DNS and TLS are looked at, too."""

    type = "http"
    summary = "An HTTP address: status, latency, body, JSON, certificate"
    Params = HttpParams
    bound = "down_above"
    interval = 60.0
    timeout = 30.0

    def __init__(self, params: HttpParams, context: Context) -> None:
        super().__init__(params, context)
        self._expectation = Expectation(
            params.expect_status, params.contains, params.matches, params.json
        )
        self._numbers = Numbers(params.metrics)
        self._tls: ssl.SSLContext | None = None

    async def start(self) -> None:
        self._tls = await asyncio.to_thread(client_context, self.params.ca_file)

    async def probe(self) -> Sequence[Signal]:
        clock = self.context.clock
        begun = clock.monotonic()
        try:
            with certificates_seen() as ends:
                async with asyncio.timeout(self.params.down_above):
                    answer = await self._ask()
        except TimeoutError:
            waited = clock.monotonic() - begun
            text = f"no complete answer within {self.params.down_above}"
            return (Status(status="down", message=text, latency=waited),)
        except Failed as failure:
            return (Status(status="down", message=str(failure)),)
        latency = clock.monotonic() - begun
        end = ends.get(answer.server)
        days = None if end is None else (end - clock.now()) / DAY
        measured = tuple(_metrics(latency, days))
        complaint = self._complaint(answer)
        if complaint is not None:
            return (Status(status="down", message=complaint, latency=latency), *measured)
        numbers, missing = self._read(answer)
        return (self._judge(answer, latency, days, missing), *measured, *numbers)

    def _complaint(self, answer: Answer) -> str | None:
        """Why the answer is not the expected one."""
        complaint = self._expectation.status_complaint(answer.status)
        if complaint is None and self._expectation.reads_body:
            complaint = _encoded(answer) or self._expectation.body_complaint(
                answer.body, answer.whole
            )
        return complaint

    def _read(self, answer: Answer) -> tuple[list[Metric], list[str]]:
        """The numbers in the answer, and why some are not there."""
        encoded = _encoded(answer) if self._numbers else None
        return ([], [encoded]) if encoded else self._numbers.read(answer.body, answer.whole)

    def _judge(
        self, answer: Answer, latency: float, days: float | None, missing: Sequence[str]
    ) -> Status:
        if latency > self.params.down_above:
            text = f"it took {_seconds(latency)}, more than {self.params.down_above}"
            return Status(status="down", message=text, latency=latency)
        warnings = []
        if latency > self.params.degraded_above:
            warnings.append(f"it took {_seconds(latency)}, more than {self.params.degraded_above}")
        if days is not None and days < self.params.certificate_days:
            warnings.append(f"the certificate ends in {days:.1f} days")
        warnings += missing[:_MOST_SAID]
        if len(missing) > _MOST_SAID:
            warnings.append(f"and {len(missing) - _MOST_SAID} more numbers are not there")
        fine = f"{_named(answer.status)} in {_seconds(latency)}"
        return Status(
            status="degraded" if warnings else "up",
            message=", ".join(warnings) or fine,
            latency=latency,
        )

    async def _ask(self) -> Answer:
        params = self.params
        return await fetch(
            self.context.http,
            params.method,
            URL(params.url),
            headers=params.headers,
            tls=self._tls or True,
            follow=params.follow_redirects,
        )


def _metrics(latency: float, days: float | None) -> Iterator[Metric]:
    yield Metric(name=_LATENCY, value=latency, unit="s")
    if days is not None:
        yield Metric(name=_CERTIFICATE, value=round(days, 2), unit="d")


def _encoded(answer: Answer) -> str | None:
    """Why the body can't be read."""
    if answer.encoding in ("", "identity"):
        return None
    return f"the answer is encoded with {answer.encoding[:20]}, which was not asked for"


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _seconds(latency: float) -> str:
    return f"{latency * 1000:.0f} ms" if latency < 1 else f"{latency:.1f} s"


@hook
def register_probes(register: Any) -> None:
    register(HttpProbe)
