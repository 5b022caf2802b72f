"""How many signals a second the engine alone takes, on one core, in steps of 50 signals.

.venv/bin/python -m benchmarks.engine
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.figures import Figure, show
from sentinel.detectors.any import AnyMatch, AnyParams
from sentinel.detectors.frequency import Frequency, FrequencyParams
from sentinel.engine.book import Book
from sentinel.engine.engine import Engine
from sentinel.engine.routing import Escalation, Route, Step
from sentinel.engine.rules import Rule, RuleIndex, make_rule
from sentinel.engine.saved import Saved
from sentinel.joins import open_joins
from sentinel.model.delivery import Recipient
from sentinel.model.signal import Error
from sentinel.model.values import Duration

_RULES = 400
_GOAL = 200_000
_TENANTS = 25
_CODES = 40
_STEP = 50
_ROUNDS = 5
_START = 1_800_000_000.0
_ESCALATION = Escalation("all", (Step(0.0, (Recipient(channel="inbox"),)),))
_ROUTES = Route(name="all", escalation=_ESCALATION)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signals", type=int, default=50_000)
    number = parser.parse_args().signals
    foreign = [_foreign(n) for n in range(_RULES)]
    tenth = [*foreign[1:], _any({"code": [f"CODE_{n}" for n in range(_CODES // 10)]})]
    burst = [*foreign[1:], _frequency({"level": "error"})]
    cases = {
        f"{_RULES} rules, no signal meets one": foreign,
        f"{_RULES} rules, a tenth of the signals meet one": tenth,
        f"{_RULES} rules, all meet a frequency rule by tenant": burst,
    }
    show(
        f"{number} errors, {_CODES} codes, {_TENANTS} tenants, median of {_ROUNDS}",
        [
            Figure(name, _speed(rules, number), "a second", goal=_GOAL, least=True)
            for name, rules in cases.items()
        ],
    )
    show(
        "rules that do not concern the signal",
        [
            Figure(f"{size} rules", _speed([_foreign(n) for n in range(size)], number), "a second")
            for size in (10, 100, 1_000, 10_000)
        ],
    )


def _speed(rules: Sequence[Rule], number: int) -> float:
    book = Book(rules=RuleIndex(rules), routes=_ROUTES, open_joins=open_joins)
    errors = [_error(n) for n in range(number)]
    return statistics.median(_once(book, errors) for _ in range(_ROUNDS))


def _once(book: Book, errors: Sequence[Error]) -> float:
    engine = Engine(book, Saved(), _START)
    begun = time.process_time()
    for first in range(0, len(errors), _STEP):
        batch = errors[first : first + _STEP]
        engine.step(batch, batch[-1].received)
    return len(errors) / (time.process_time() - begun)


def _error(number: int) -> Error:
    """A thousand a second."""
    return Error(
        seq=number + 1,
        received=_START + number / 1000,
        project="bench",
        tenant=f"tenant-{number % _TENANTS}",
        environment="production",
        code=f"CODE_{number % _CODES}",
        type="OrderFailed",
        message=f"order {number} could not be settled",
        severity="high",
        fingerprint=f"{number % 500:032x}",
        group=number % 500,
    )


def _foreign(number: int) -> Rule:
    return _any({"code": f"OTHER_{number}", "environment": "production"}, f"Other{number}")


def _any(where: dict[str, object], name: str = "Any") -> Rule:
    return _rule(name, where, AnyMatch(AnyParams()))


def _frequency(where: dict[str, object]) -> Rule:
    return _rule("Burst", where, Frequency(FrequencyParams(num_events=5, timeframe=Duration(300))))


def _rule(name: str, where: dict[str, object], detector: Any) -> Rule:
    return make_rule(name=name, kind="error", where=where, detector=detector, by=["tenant"])


if __name__ == "__main__":
    main()
