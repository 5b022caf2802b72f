from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Not configured and not started yet."""
    with World(tmp_path) as made:
        yield made
