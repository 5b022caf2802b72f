import socket
import ssl
import subprocess
import sys
from errno import EHOSTUNREACH

import pytest

from sentinel.probes.database import Totals, hit_ratio, network_reason, plain
from sentinel.probes.redis import RedisProbe
from sentinel.testing import params_of

DRIVERS = ("aiomysql", "asyncpg", "pymysql", "redis")


def test_totals_give_nothing_at_first_and_then_what_was_added() -> None:
    totals = Totals()
    assert totals.since({"deadlocks": 7}) == {}
    assert totals.since({"deadlocks": 9}) == {"deadlocks": 2}
    assert totals.since({"deadlocks": 9}) == {"deadlocks": 0}


def test_a_total_that_fell_was_begun_anew() -> None:
    totals = Totals()
    totals.since({"deadlocks": 7})
    assert totals.since({"deadlocks": 3}) == {"deadlocks": 3}


def test_where_nothing_was_read_there_is_no_ratio() -> None:
    assert hit_ratio(0, 0) is None


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionRefusedError(), "nothing listens at db:1"),
        (ConnectionResetError(), "db:1 broke the connection off"),
        (socket.gaierror(-2, "no"), "the name in db:1 does not resolve"),
        (ssl.SSLError(1, "wrong version"), "no TLS connection to db:1: wrong version"),
        (OSError(EHOSTUNREACH, "No route to host"), "no connection to db:1: No route to host"),
        (OSError("Multiple exceptions"), "no connection to db:1: Multiple exceptions"),
    ],
)
def test_a_network_in_trouble_is_told_in_plain_words(error: OSError, said: str) -> None:
    assert network_reason(error, "db:1") == said


def test_what_a_server_wrote_is_one_short_line_without_secrets() -> None:
    params = params_of(RedisProbe, url="redis://cache", password="s3cret")
    assert plain("a\n  b s3cret", params) == "a b ***"
    assert len(plain("x" * 1000, params)) == 300


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("redis://cache:7000/3", "cache:7000"),
        ("redis://cache", "cache"),
        ("redis://[::1]:7000", "::1:7000"),
        ("unix:///run/redis/redis.sock", "/run/redis/redis.sock"),
    ],
)
def test_where_it_is_is_told_without_user_and_database(url: str, where: str) -> None:
    assert params_of(RedisProbe, url=url).where == where


def test_an_installation_without_any_driver_loads_every_built_in() -> None:
    script = f"""
import sys
sys.modules.update(dict.fromkeys({DRIVERS}))
from sentinel.plugins import BUILT_INS, load_sources
from sentinel.plugins.sources import built_ins
registry, problems = load_sources(built_ins(BUILT_INS))
assert not problems, problems
assert registry.get("probe", "sql")
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
