"""What all tests share."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.async_api import Browser

from tests.chromium import a_shared_chromium, connected
from tests.once import compile_once, read_once

# How long an example takes says more of the machine than of the code: tests do not time.
settings.register_profile("quick", deadline=None, max_examples=40)
settings.register_profile("soak", deadline=None, max_examples=1_000)
settings.load_profile("quick")

compile_once()
read_once()

# Every commit waits for the disk. No test pulls the plug, so memory does as well, where there is
# enough of it: a container often has 64 MB.
_MEMORY = Path("/dev/shm")
if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > 2 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


@pytest.fixture(scope="session")
def chromium_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with a_shared_chromium(tmp_path_factory.mktemp("chromium")) as address:
        yield address


@pytest.fixture
async def chromium(chromium_address: str) -> AsyncIterator[Browser]:
    async with connected(chromium_address) as browser:
        yield browser
