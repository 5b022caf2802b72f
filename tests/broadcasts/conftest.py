import pytest

from sentinel.testing import FakeClock
from tests.running import START


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)
