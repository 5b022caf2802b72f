"""How many a minute, for whoever comes."""

import pytest

from sentinel.errors import Overloaded
from sentinel.quota import Quotas
from sentinel.testing import FakeClock


def test_strangers_without_end_are_not_remembered_for_ever() -> None:
    clock = FakeClock()
    quotas = Quotas(clock)
    for number in range(30_000):
        quotas.take(f"2001:db8::{number:x}", 1, 60)
        clock.advance(0.01)
    assert len(quotas._left) < 11_000


def test_whoever_has_used_up_a_minute_is_not_forgotten_for_it() -> None:
    clock = FakeClock()
    quotas = Quotas(clock)
    quotas.take("greedy", 60, 60)
    for number in range(10_500):
        quotas.take(f"2001:db8::{number:x}", 1, 60)
    with pytest.raises(Overloaded):
        quotas.take("greedy", 1, 60)
