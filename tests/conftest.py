"""What all tests share."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import settings
from playwright.async_api import Browser

from tests.chromium import a_chromium

# How long an example takes says more of the machine than of the code: tests do not time.
settings.register_profile("sentinel", deadline=None)
settings.load_profile("sentinel")


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with a_chromium() as browser:
        yield browser
