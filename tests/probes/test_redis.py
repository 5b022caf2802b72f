import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis
from tests import servers
from tests.probes.databases import NOWHERE, look, reveals, seen, valkey
from tests.servers import PASSWORD, Server

from sentinel.api import Context
from sentinel.clock import SystemClock
from sentinel.probes.redis import Info, RedisParams, RedisProbe, _info
from sentinel.testing import params_of, plugin_context
from sentinel.testing.contracts import ProbeContract

__all__ = ["valkey"]

Make = Callable[..., RedisProbe]


def params(server: Server, **more: Any) -> RedisParams:
    yaml = {"url": f"redis://127.0.0.1:{server.port}/0", "password": PASSWORD, **more}
    found: RedisParams = params_of(RedisProbe, **yaml)
    return found


@asynccontextmanager
async def client(server: Server) -> AsyncIterator[Redis]:
    async with Redis(port=server.port, password=PASSWORD) as opened:
        yield opened


@pytest.fixture
async def probe(valkey: Server) -> AsyncIterator[Make]:
    async with plugin_context(clock=SystemClock()) as context:
        yield lambda **more: RedisProbe(params(valkey, **more), context)


class TestRedis(ProbeContract):
    @pytest.fixture(autouse=True)
    def serve(self, valkey: Server) -> None:
        self.server = valkey

    def probe(self, context: Context, url: str) -> RedisProbe:
        return RedisProbe(params(self.server), context)


async def test_a_server_that_serves_is_up(probe: Make) -> None:
    status, metrics = await seen(probe(ping_above="10s"))
    assert status.status == "up"
    assert status.message.startswith("Valkey 9.")
    assert status.latency == metrics["db.connect.latency"] > metrics["db.ping.latency"] > 0


async def test_memory_and_connections_are_shares_of_their_limits(probe: Make) -> None:
    _, metrics = await seen(probe())
    assert metrics["db.memory.percent"] == pytest.approx(metrics["db.memory.used"] / 1e6, abs=5)
    assert metrics["db.connections.percent"] == metrics["db.connections"] / 2


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        ({"memory_above": 0}, "% used"),
        ({"connections_above": 0}, "of 200 connections are taken"),
        ({"ping_above": "0s"}, "PING took "),
        ({"degraded_above": "0s"}, "connecting took "),
    ],
)
async def test_what_is_out_of_bounds_is_degraded(
    probe: Make, bound: dict[str, Any], said: str
) -> None:
    status, _ = await seen(probe(**{"ping_above": "10s", **bound}))
    assert status.status == "degraded"
    assert said in status.message


async def test_hits_are_counted_from_the_second_look_on(probe: Make, valkey: Server) -> None:
    same = probe()
    _, first = await seen(same)
    async with client(valkey) as other:
        await other.set("cart", "1")
        for key in ("cart", "cart", "cart", "nothing"):
            await other.get(key)
    _, second = await seen(same)
    assert "db.cache_hit_ratio" not in first
    assert second["db.cache_hit_ratio"] == 0.75


async def test_evicted_keys_are_counted_and_degraded(probe: Make, valkey: Server) -> None:
    same = probe(evictions_above=0)
    await seen(same)
    async with client(valkey) as other:
        await other.config_set("maxmemory-policy", "allkeys-lru")
        await other.config_set("maxmemory", "5mb")
        for number in range(40):
            await other.set(f"block{number}", b"x" * 200_000)
        status, metrics = await seen(same)
        await other.config_set("maxmemory", "100mb")
        await other.flushall()
    assert metrics["db.evictions"] > 0
    assert "keys were evicted since the last look" in status.message


async def test_a_replica_and_its_primary_tell_how_far_behind_it_is(
    probe: Make, valkey: Server
) -> None:
    options = ("--replicaof", "127.0.0.1", str(valkey.port), "--primaryauth", PASSWORD)
    with servers.valkey(*options) as replica:
        async with client(replica) as other, asyncio.timeout(10):
            while (await other.info("replication"))["master_link_status"] != "up":
                pass
        _, primary = await seen(probe())
        status, of_replica = await look(RedisProbe, **_yaml(replica))
        assert primary["db.replicas"] == 1
        assert 0 <= primary["db.replication.lag"] < 10
        assert 0 <= of_replica["db.replication.lag"] < 10
        assert "lost" not in status.message


async def test_a_replica_without_its_primary_is_degraded() -> None:
    with servers.valkey("--replicaof", "127.0.0.1", str(NOWHERE)) as orphan:
        status, _ = await look(RedisProbe, **_yaml(orphan), ping_above="10s")
    assert (status.status, status.message) == ("degraded", "this replica has lost its primary")


def test_of_several_replicas_the_last_one_counts() -> None:
    of_server = {"redis_version": "7.4", "connected_clients": 1, "used_memory": 1}
    slaves = {"slave0": {"lag": 1}, "slave1": {"lag": 90}, "slave_read_only": 1}
    assert _info({**of_server, **slaves}).replica_lag == 90


def test_a_server_of_another_make_may_tell_little() -> None:
    info = _info({"redis_version": "7.4", "connected_clients": "3", "used_memory": 5})
    assert isinstance(info, Info)
    assert (info.server, info.connected_clients, info.replica_lag) == ("Redis 7.4", 3, None)


@pytest.mark.parametrize("password", ["wrong", ""])
async def test_refused_credentials_are_down(valkey: Server, password: str) -> None:
    status, _ = await look(RedisProbe, **{**_yaml(valkey), "password": password})
    assert status.status == "down"
    assert status.message.startswith("it refuses the credentials: ")


async def test_a_port_without_a_server_is_down() -> None:
    status, _ = await look(RedisProbe, url=f"redis://127.0.0.1:{NOWHERE}")
    assert (status.status, status.message) == ("down", "nothing listens at 127.0.0.1:1")


async def test_a_socket_without_a_server_is_down() -> None:
    status, _ = await look(RedisProbe, url="unix:///run/no/such/socket")
    assert (status.status, status.message) == ("down", "nothing listens at /run/no/such/socket")


async def test_a_server_that_is_stopped_is_down_and_then_up_again(
    probe: Make, valkey: Server
) -> None:
    same = probe(ping_above="10s")
    states = [(await seen(same))[0]]
    valkey.stop()
    states.append((await seen(same))[0])
    valkey.start()
    states.append((await seen(same))[0])
    assert [state.status for state in states] == ["up", "down", "up"]
    assert not any(map(reveals, states))


async def test_a_connection_that_is_dropped_is_down_and_not_tried_again() -> None:
    tries = 0

    async def drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tries
        tries += 1
        writer.close()

    async with await asyncio.start_server(drop, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        status, _ = await look(RedisProbe, url=f"redis://127.0.0.1:{port}")
    assert status.status == "down"
    assert tries == 1


async def test_a_server_that_is_loading_is_down() -> None:
    async def loading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            writer.write(b"-LOADING the data set is being loaded\r\n")
        writer.close()

    async with await asyncio.start_server(loading, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        status, _ = await look(RedisProbe, url=f"redis://127.0.0.1:{port}")
    assert status.status == "down"
    assert "is being loaded" in status.message


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ValueError, match=r"pip install 'sentinel\[redis\]'"):
        params_of(RedisProbe, url="redis://cache")


def _yaml(server: Server) -> dict[str, Any]:
    return {"url": f"redis://127.0.0.1:{server.port}/0", "password": PASSWORD}


async def test_the_rights_that_the_documentation_names_are_enough(valkey: Server) -> None:
    async with client(valkey) as admin:
        await admin.acl_setuser(
            "watcher", enabled=True, passwords=["+pw"], commands=["+ping", "+info"]
        )
        try:
            status, metrics = await look(
                RedisProbe, url=f"redis://watcher@127.0.0.1:{valkey.port}/0", password="pw"
            )
        finally:
            await admin.acl_deluser("watcher")
    assert status.status == "up"
    assert metrics["db.connections"] > 0


async def test_a_server_that_wants_a_password_says_so(valkey: Server) -> None:
    status, _ = await look(RedisProbe, url=f"redis://127.0.0.1:{valkey.port}/0")
    assert (status.status, status.message) == (
        "down",
        "it asks for a password, and none is given",
    )
