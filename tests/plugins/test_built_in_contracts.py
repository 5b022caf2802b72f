"""The built-ins, held to the contracts that third parties are held to."""

import asyncio
import base64
from collections.abc import Sequence
from typing import Any

from sentinel.api import (
    AnySignal,
    Clock,
    Context,
    Detector,
    Duration,
    Error,
    Metric,
    NoParams,
    Notifier,
    Probe,
    Secret,
    Status,
)
from sentinel.detectors.any import AnyMatch, AnyParams
from sentinel.detectors.frequency import Frequency, FrequencyParams
from sentinel.detectors.threshold import Threshold, ThresholdParams
from sentinel.notifiers.console import Console, ConsoleParams
from sentinel.notifiers.inapp import InApp
from sentinel.notifiers.webhook import Webhook, WebhookParams
from sentinel.probes.host import HostParams, HostProbe
from sentinel.probes.http import HttpParams, HttpProbe
from sentinel.testing.clock import FakeClock
from sentinel.testing.contracts import (
    DetectorContract,
    HttpNotifierContract,
    HttpProbeContract,
    NotifierContract,
    ProbeContract,
)

START = 1_760_000_000.0
SIGNING = "whsec_" + base64.b64encode(b"a signing key of 32 random bytes").decode()


def errors(*times: float) -> list[tuple[float, AnySignal]]:
    return [(START + time, Error(code="SMS_DELIVERY_FAILURE")) for time in times]


def values(*pairs: tuple[float, float]) -> list[tuple[float, AnySignal]]:
    return [(START + time, Metric(name="cpu", value=value)) for time, value in pairs]


class TestAny(DetectorContract):
    def detector(self) -> Detector[Any]:
        return AnyMatch(AnyParams())

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        return errors(0, 10, 700, 701)


class TestFrequency(DetectorContract):
    def detector(self) -> Detector[Any]:
        return Frequency(FrequencyParams(num_events=3))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        return errors(0, 10, 20, 290, 305, 310, 1000, 1001, 1001, 1002)


class TestThreshold(DetectorContract):
    def detector(self) -> Detector[Any]:
        return Threshold(ThresholdParams(above=80))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        return values((0, 10), (60, 90), (120, 95), (180, 79))


class TestThresholdOverAWindow(DetectorContract):
    def detector(self) -> Detector[Any]:
        over = Duration.parse("5m")
        return Threshold(ThresholdParams(above=80, over=over, aggregate="p95"))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        return values((0, 10), (60, 90), (120, 20), (400, 30), (500, 99), (1500, 1))


class TestThresholdOfLatency(TestThreshold):
    def history(self) -> Sequence[tuple[float, AnySignal]]:
        latencies = (10.0, 90.0, None, 1.0)
        return [
            (START + 60 * number, Status(status="up", latency=latency))
            for number, latency in enumerate(latencies)
        ]


class TestWebhook(HttpNotifierContract):
    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        params = WebhookParams(
            url=Secret(f"{url}/hooks/t0ken-in-the-path"),
            secret=Secret(SIGNING),
            headers={"Authorization": Secret("Bearer t0ken-in-a-header")},
        )
        return Webhook(params, context)


class TestConsole(NotifierContract):
    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        return Console(ConsoleParams(), context)


class TestInApp(NotifierContract):
    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        return InApp(NoParams(), context)


class TestHttp(HttpProbeContract):
    def probe(self, context: Context, url: str) -> Probe[Any]:
        headers = {"Authorization": Secret("Bearer t0ken-in-a-header")}
        return HttpProbe(HttpParams(url=url, headers=headers), context)


class Hasty(FakeClock):
    """A clock on which each wait is over at once."""

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)


class TestHost(ProbeContract):
    def clock(self) -> Clock:
        return Hasty()

    def probe(self, context: Context, url: str) -> Probe[Any]:
        return HostProbe(HostParams(), context)
