"""The disk is full for a while, and then has room again."""

import resource
from collections.abc import Callable
from pathlib import Path
from random import Random
from string import ascii_lowercase

from tests.e2e.connection import event, send_once
from tests.e2e.disks import SmallDisk
from tests.e2e.polling import until
from tests.e2e.senders import Senders, Sent, an_envelope
from tests.e2e.world import World

RULES = """
rules:
  - alert: Page
    on: error
    where: {code: PAGE_ME}
    labels: {severity: critical}
    timeframe: 1h
"""


def test_a_full_disk_is_told_loses_nothing_and_is_recovered_from(tmp_path: Path) -> None:
    with (
        SmallDisk(tmp_path / "disk", "24m") as disk,
        World(tmp_path, disk.path / "state") as world,
    ):
        world.configure(RULES)
        world.daemon.start()
        prove(world, disk.fill, disk.free)


def test_writes_that_fail_in_another_way_are_survived_as_well(world: World) -> None:
    """A limit on the size of files makes them fail with EFBIG, not with ENOSPC."""
    world.configure(RULES)
    world.daemon.start()
    pid = world.daemon.running.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)

    def fill() -> None:
        sizes = [file.stat().st_size for file in world.daemon.state_dir.glob("sentinel.db*")]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (max(sizes), before[1]))

    prove(world, fill, lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, before))


def prove(world: World, fill: Callable[[], object], free: Callable[[], object]) -> None:
    daemon = world.daemon
    dsn = daemon.dsn()
    with Senders(dsn, bulky) as senders:
        senders.wait_answered(100)
        fill()
        until(lambda: len(senders.refused) > 8, "errors are refused")
        assert set(senders.refused) == {503}
        assert_it_is_told(world, dsn)
        free()
        until(lambda: daemon.get("/readyz")[0] == 200, "it is ready again by itself")
        assert send_once(dsn, event("PAGE_ME")).status == 200
        senders.wait_answered(100)
        senders.finish()
    assert daemon.running.poll() is None
    ids = [id for (id,) in daemon.ask("SELECT lower(hex(id)) FROM signals WHERE code = 'BULK'")]
    assert sorted(ids) == sorted(senders.answered)
    assert daemon.ask("SELECT sum(count) FROM groups WHERE code = 'BULK'") == [(len(ids),)]
    world.wait_sent()
    assert len(world.mailbox.mails) == len(world.hooks.calls) == 1
    world.assert_sound()
    assert daemon.stop() == 0


def assert_it_is_told(world: World, dsn: str) -> None:
    reply = send_once(dsn, event("PAGE_ME"))
    assert (reply.status, reply.error) == (503, "store-unavailable")
    assert int(reply.headers["retry-after"]) >= 1
    assert b"the store refused the write" in reply.body
    status, text = world.daemon.get("/readyz")
    assert status == 503
    assert "the store refused the write" in text
    assert world.daemon.get("/healthz")[0] == 200
    assert world.daemon.logged("commit refused")


def bulky(random: Random) -> Sent:
    """Of random words, which do not compress away."""
    words = ("".join(random.choices(ascii_lowercase, k=9)) for _ in range(800))
    return an_envelope("BULK", "it failed", extra={"dump": " ".join(words)})
