import pytest

from sentinel.config.model import Config
from tests.on_call.crew import config_of


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return config_of(tmp_path_factory.mktemp("on-call"))
