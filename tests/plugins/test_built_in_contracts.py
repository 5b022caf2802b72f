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
from sentinel.detectors.anomaly import Anomaly, AnomalyParams
from sentinel.detectors.any import AnyMatch, AnyParams
from sentinel.detectors.baseline import Baseline, BaselineParams
from sentinel.detectors.blacklist import Blacklist, BlacklistParams
from sentinel.detectors.cardinality import Cardinality, CardinalityParams
from sentinel.detectors.change import Change, ChangeParams
from sentinel.detectors.flatline import Flatline, FlatlineParams
from sentinel.detectors.forecast import Forecast, ForecastParams
from sentinel.detectors.frequency import Frequency, FrequencyParams
from sentinel.detectors.new_term import NewTerm, NewTermParams
from sentinel.detectors.ratio import Ratio, RatioParams
from sentinel.detectors.regression import Regression, RegressionParams
from sentinel.detectors.slo_burn import SloBurn, SloBurnParams
from sentinel.detectors.spike import Spike, SpikeParams
from sentinel.detectors.threshold import Threshold, ThresholdParams
from sentinel.detectors.whitelist import Whitelist, WhitelistParams
from sentinel.model.signal import State
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


def releases(*pairs: tuple[float, str | None]) -> list[tuple[float, AnySignal]]:
    return [(START + time, Error(release=release)) for time, release in pairs]


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


class TestFlatline(DetectorContract):
    def detector(self) -> Detector[Any]:
        return Flatline(FlatlineParams(threshold=2))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        return errors(0, 10, 290, 300, 305, 310, 1000, 1001, 1001)


class TestSpike(DetectorContract):
    def detector(self) -> Detector[Any]:
        return Spike(SpikeParams(spike_height=3, spike_type="both", threshold_ref=1))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        return errors(0, 200, 310, 600, 601, 602, 602, 800, 1300, 1300, 1300)


class TestRatio(DetectorContract):
    """The contract lets signals that meet the conditions come: the share is all of them."""

    def detector(self) -> Detector[Any]:
        return Ratio(RatioParams(above=0.5, min_events=3))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        return errors(0, 10, 20, 290, 305, 310, 1000, 1001, 1001, 1002)


class TestSloBurn(DetectorContract):
    def detector(self) -> Detector[Any]:
        return SloBurn(SloBurnParams(objective=99.9, speed="any", min_events=3))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        return errors(0, 10, 20, 290, 305, 9000, 9001, 9002)


class TestChange(DetectorContract):
    def detector(self) -> Detector[Any]:
        return Change(ChangeParams(compare=["release", "tags.region"]))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        return releases((0, "1"), (10, "1"), (20, "2"), (200, None), (300, "1"), (900, "1"))


class TestNewTerm(DetectorContract):
    def detector(self) -> Detector[Any]:
        return NewTerm(NewTermParams(field="release"))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        return releases((0, "1"), (10, "1"), (20, "2"), (200, None), (900, "1"), (901, "3"))


class TestCardinality(DetectorContract):
    def detector(self) -> Detector[Any]:
        return Cardinality(CardinalityParams(field="release", max=2, min=1))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        return releases((0, "1"), (10, "2"), (20, "3"), (200, None), (310, "1"), (900, "1"))


class TestBlacklist(DetectorContract):
    def detector(self) -> Detector[Any]:
        return Blacklist(BlacklistParams(field="release", values=["2", 3]))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        return releases((0, "1"), (10, "2"), (20, "3"), (200, None), (310, "1"), (900, "2"))


class TestWhitelist(DetectorContract):
    def detector(self) -> Detector[Any]:
        return Whitelist(WhitelistParams(field="release", values=["1"]))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        return releases((0, "1"), (10, "2"), (20, "3"), (200, None), (310, "1"), (900, "2"))


class TestAnomaly(DetectorContract):
    def detector(self) -> Detector[Any]:
        return Anomaly(AnomalyParams(min_samples=20))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        usual = [(60.0 * number, 10.0 + number % 3) for number in range(30)]
        return values(*usual, (1800, 40), (1860, 11), (1920, 40))


class TestBaseline(DetectorContract):
    def detector(self) -> Detector[Any]:
        return Baseline(BaselineParams(min_history=Duration.parse("7d")))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        usual = [(3600.0 * number, 10.0 + number % 24) for number in range(180)]
        return values(*usual, (648_000, 90), (651_600, 23))


class TestForecast(DetectorContract):
    def detector(self) -> Detector[Any]:
        return Forecast(ForecastParams(above=90, within=Duration.parse("4h")))

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        grows = [(600.0 * number, 60.0 + number % 2 + number) for number in range(24)]
        return values(*grows, (15_000, 91), *((15_600.0 + 600 * n, 20.0) for n in range(6)))


class TestRegression(DetectorContract):
    def detector(self) -> Detector[Any]:
        return Regression(RegressionParams())

    def history(self) -> Sequence[tuple[float, AnySignal]]:
        good = [(60.0 * number, 10.0 + number % 3) for number in range(60)]
        bad = [(3600 + 60.0 * number, 40.0) for number in range(12)]
        return values(*good, *bad, *((4320 + 60.0 * number, 10.0) for number in range(12)))


class TestRegressionOfAComponent(TestRegression):
    def history(self) -> Sequence[tuple[float, AnySignal]]:
        told: tuple[tuple[float, State], ...] = (
            (0, "up"),
            (1800, "up"),
            (1860, "down"),
            (1900, "unknown"),
            (1920, "up"),
        )
        return [(START + time, Status(status=status)) for time, status in told]


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
