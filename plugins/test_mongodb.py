import asyncio
import gc
import struct
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson
import msgspec
import pytest

from sentinel.api import Context, Metric, Status
from sentinel.clock import SystemClock
from sentinel.scheduler import checked
from sentinel.testing import load_plugin, params_of, plugin_context
from sentinel.testing.contracts import ProbeContract

Mongodb: Any = load_plugin(Path(__file__).with_name("mongodb.py")).get("probe", "mongodb")
PASSWORD = "s3cret-of-acme"
OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

# The driver leaves a socket to the garbage collector where it is closed while it connects.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

STATUS = {
    "version": "8.0.4",
    "connections": {"current": 40, "available": 60},
    "globalLock": {"currentQueue": {"total": 3}},
    "mem": {"resident": 512},
    "opcounters": {"insert": 10, "query": 90},
    "wiredTiger": {"cache": {"pages requested from the cache": 1000, "pages read into cache": 100}},
}
LATER = {
    **STATUS,
    "opcounters": {"insert": 15, "query": 95},
    "wiredTiger": {"cache": {"pages requested from the cache": 2000, "pages read into cache": 300}},
}


def member(state: str, behind: int = 0, itself: bool = False) -> dict[str, Any]:
    return {"stateStr": state, "optimeDate": NOON - timedelta(seconds=behind), "self": itself}


class FakeMongo:
    """Speaks MongoDB's wire protocol: OP_QUERY for the greeting, OP_MSG for all the rest.

    `answers` are by the name of the command.
    """

    def __init__(self) -> None:
        self.port = 0
        self.answers: dict[str, Mapping[str, Any]] = {
            "ping": {"ok": 1},
            "serverStatus": {**STATUS, "ok": 1},
            "replSetGetStatus": {"ok": 0, "code": 76, "errmsg": "not running with --replSet"},
            "saslStart": {"ok": 0, "code": 18, "errmsg": "Authentication failed."},
            "endSessions": {"ok": 1},
        }

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}"

    def replicates(self, *members: Mapping[str, Any]) -> None:
        self.answers["replSetGetStatus"] = {"ok": 1, "members": list(members)}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length, request, _, kind = struct.unpack("<iiii", await reader.readexactly(16))
                body = await reader.readexactly(length - 16)
                reply, text = (OP_MSG, self._message(body))
                if kind == OP_QUERY:
                    reply, text = OP_REPLY, self._greeting()
                writer.write(struct.pack("<iiii", 16 + len(text), 0, request, reply) + text)
        except asyncio.IncompleteReadError:
            pass  # the client has left
        finally:
            writer.close()

    def _greeting(self) -> bytes:
        # Flags, cursor, number of the first document, count of documents.
        return struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(self._hello())

    def _message(self, body: bytes) -> bytes:
        if body[4:5] != b"\0":
            return b""
        size = struct.unpack_from("<i", body, 5)[0]
        command = bson.decode(body[5 : 5 + size])
        name = next(iter(command))
        greets = name in ("hello", "ismaster")
        answer = self._hello() if greets else self.answers[name]
        return struct.pack("<i", 0) + b"\0" + bson.encode(answer)

    def _hello(self) -> dict[str, Any]:
        return {
            "ok": 1,
            "helloOk": True,
            "ismaster": True,
            "isWritablePrimary": True,
            "minWireVersion": 0,
            "maxWireVersion": 25,
            "maxBsonObjectSize": 16_777_216,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
        }


@asynccontextmanager
async def running() -> AsyncIterator[FakeMongo]:
    fake = FakeMongo()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    try:
        fake.port = server.sockets[0].getsockname()[1]
        yield fake
    finally:
        server.close()


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What a test leaves to the collector is not told of in another one."""
    yield
    gc.collect()


@pytest.fixture
async def mongo() -> AsyncIterator[FakeMongo]:
    async with running() as fake:
        yield fake


class TestMongodb(ProbeContract):
    @pytest.fixture(autouse=True)
    async def serve(self, mongo: FakeMongo) -> None:
        self.url = mongo.url

    def probe(self, context: Context, url: str) -> Any:
        return Mongodb(params_of(Mongodb, url=self.url), context)


async def seen(probe: Any) -> tuple[Status, dict[str, float]]:
    status, *metrics = checked(await probe.probe())
    assert isinstance(status, Status)
    return status, {one.name: one.value for one in metrics if isinstance(one, Metric)}


async def look(url: str, **yaml: Any) -> tuple[Status, dict[str, float]]:
    async with plugin_context(clock=SystemClock()) as context:
        return await seen(Mongodb(params_of(Mongodb, url=url, **yaml), context))


async def test_a_server_that_serves_is_up(mongo: FakeMongo) -> None:
    status, metrics = await look(mongo.url)
    assert (status.status, status.message) == ("up", "MongoDB 8.0.4, 40 of 100 connections")
    assert status.latency == metrics.pop("db.connect.latency")
    assert metrics == {
        "db.connections": 40,
        "db.connections.percent": 40,
        "db.lock_waits": 3,
        "db.memory.used": 512 * 1024 * 1024,
    }


async def test_what_counts_up_is_given_as_growth_from_the_second_look_on(mongo: FakeMongo) -> None:
    async with plugin_context(clock=SystemClock()) as context:
        probe = Mongodb(params_of(Mongodb, url=mongo.url), context)
        await probe.probe()
        mongo.answers["serverStatus"] = {**LATER, "ok": 1}
        _, metrics = await seen(probe)
    assert metrics["db.operations"] == 10
    assert metrics["db.cache_hit_ratio"] == 0.8


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        ({"connections_above": 39}, "40 of 100 connections are taken"),
        ({"lock_waits_above": 2}, "3 operations wait for a lock"),
    ],
)
async def test_what_is_out_of_bounds_is_degraded(
    mongo: FakeMongo, bound: dict[str, Any], said: str
) -> None:
    status, _ = await look(mongo.url, **bound)
    assert (status.status, status.message) == ("degraded", said)


async def test_a_secondary_tells_how_far_behind_it_is(mongo: FakeMongo) -> None:
    mongo.replicates(member("PRIMARY"), member("SECONDARY", behind=90, itself=True))
    status, metrics = await look(mongo.url)
    assert metrics["db.replication.lag"] == 90
    assert (status.status, status.message) == ("degraded", "replication is 1m30s behind")


async def test_a_primary_is_behind_nobody(mongo: FakeMongo) -> None:
    mongo.replicates(member("PRIMARY", itself=True), member("SECONDARY", behind=90))
    status, metrics = await look(mongo.url)
    assert status.message == "MongoDB 8.0.4, primary, 40 of 100 connections"
    assert "db.replication.lag" not in metrics


async def test_a_member_that_recovers_is_degraded(mongo: FakeMongo) -> None:
    mongo.replicates(member("PRIMARY"), member("RECOVERING", itself=True))
    status, _ = await look(mongo.url)
    assert status.message == "this member is recovering and does not serve"


async def test_a_member_that_has_written_nothing_yet_has_no_lag(mongo: FakeMongo) -> None:
    mongo.replicates(member("PRIMARY"), {"stateStr": "SECONDARY", "self": True})
    _, metrics = await look(mongo.url)
    assert "db.replication.lag" not in metrics


async def test_a_replica_set_without_a_primary_is_degraded(mongo: FakeMongo) -> None:
    mongo.replicates(member("SECONDARY"), member("SECONDARY", itself=True))
    status, metrics = await look(mongo.url)
    assert (status.status, status.message) == ("degraded", "its replica set has no primary")
    assert "db.replication.lag" not in metrics


async def test_refused_credentials_are_down(mongo: FakeMongo) -> None:
    url = mongo.url.replace("//", "//sentinel@")
    status, _ = await look(url, password=PASSWORD)
    assert (status.status, status.message) == ("down", "it refuses the user or the password")


async def test_a_server_that_is_not_there_is_down() -> None:
    async with running() as gone:
        url = gone.url
    status, _ = await look(url, down_above="1500ms")
    assert status.status == "down"
    assert status.message.startswith(f"no connection: {url.removeprefix('mongodb://')}: ")
    assert "Connect call failed" in status.message
    assert "timeouts" not in status.message
    assert "Topology" not in status.message


async def test_a_user_who_may_not_ask_leaves_it_unknown(mongo: FakeMongo) -> None:
    from pymongo.errors import OperationFailure

    mongo.answers["serverStatus"] = {"ok": 0, "code": 13, "errmsg": "not authorized on admin"}
    with pytest.raises(OperationFailure, match="not authorized"):
        await look(mongo.url)


def test_a_password_in_the_url_is_refused() -> None:
    with pytest.raises(ValueError, match="expected no password in url"):
        params_of(Mongodb, url=f"mongodb://sentinel:{PASSWORD}@db")


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymongo", None)
    with pytest.raises(ValueError, match=r"pip install 'sentinel\[mongodb\]'"):
        params_of(Mongodb, url="mongodb://db")


async def test_a_router_is_not_asked_for_a_replica_set() -> None:
    async with running() as fake:
        fake.answers["serverStatus"] = {**STATUS, "process": "mongos", "ok": 1}
        fake.answers["replSetGetStatus"] = {"ok": 0, "code": 59, "errmsg": "no such command"}
        status, _ = await look(fake.url)
    assert status.status == "up"


@pytest.mark.parametrize("url", ["mongodb://a:1,b:2/", "mongodb://sentinel:se/cret@db1"])
def test_a_url_of_several_servers_or_none_is_refused_with_what_is_expected(url: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="of one server") as raised:
        params_of(Mongodb, url=url)
    assert "cret" not in str(raised.value)
