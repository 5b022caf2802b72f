"""Errors that wait on disk while the server is away."""

import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from sentinel.client.batch import Batch
from sentinel.client.spool import LEASE, Spool
from sentinel.clock import SystemClock


class ShiftedClock(SystemClock):
    """Real time, some seconds ahead."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead = ahead

    def now(self) -> float:
        return super().now() + self.ahead


def spool(folder: Path, most_bytes: int = 1_000_000, ahead: float = 0.0) -> Spool:
    return Spool(folder, most_bytes, ShiftedClock(ahead))


def bodies(spool: Spool) -> list[bytes]:
    found = []
    for claim in spool.claims():
        found.append(claim.batch.body)
        claim.release()
    return found


def test_what_the_server_missed_is_sent_by_the_next_process(
    collector: Any, run_python: Any, tmp_path: Path
) -> None:
    script = """
import os, sys
from sentinel.client import init, report, flush
init(sys.argv[1], spool_dir=sys.argv[2], linger=0.01)
if len(sys.argv) > 3:
    print(report("left behind"))
assert flush(5)
os._exit(9) if len(sys.argv) > 3 else None
"""
    collector.stop()
    died = run_python(script, collector.dsn, tmp_path, "report")
    assert died.returncode == 9, died.stderr
    collector.start()
    assert run_python(script, collector.dsn, tmp_path).returncode == 0
    [error] = collector.wait_for(1)
    assert error["message"] == "left behind"
    assert error["id"] == died.stdout.strip()
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_a_running_process_empties_its_spool_when_the_server_returns(
    collector: Any, make_client: Any, tmp_path: Path
) -> None:
    collector.stop()
    client = make_client(spool_dir=tmp_path)
    for n in range(5):
        client.report(f"error {n}")
        assert client.flush(5), "on disk is settled"
    assert len(list(tmp_path.rglob("*.batch"))) == 5
    collector.start()
    errors = collector.wait_for(5)
    assert sorted(error["message"] for error in errors) == [f"error {n}" for n in range(5)]
    assert client.flush(5)
    assert list(tmp_path.rglob("*.batch")) == []


def test_clients_of_two_projects_keep_apart_in_one_folder(
    collector: Any, make_client: Any, tmp_path: Path
) -> None:
    from sentinel.client import Client

    collector.stop()
    for key in ("k1", "k2"):
        client = Client(collector.url, key, spool_dir=tmp_path, linger=0)
        client.report(f"for {key}")
        client.close()
    collector.start()
    client = Client(collector.url, "k1", spool_dir=tmp_path, linger=0)
    [error] = collector.wait_for(1)
    client.close()
    assert error["message"] == "for k1"
    assert all(headers["x-sentinel-key"] == "k1" for _, headers, _ in collector.requests)


def test_the_oldest_batches_make_room_in_a_full_spool(tmp_path: Path) -> None:
    full = spool(tmp_path, most_bytes=100)
    assert full.put(Batch(b"a" * 40, 4)) == 0
    assert full.put(Batch(b"b" * 40, 5)) == 0
    assert full.put(Batch(b"c" * 40, 6)) == 4
    assert bodies(full) == [b"b" * 40, b"c" * 40]
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 100


def test_a_batch_larger_than_the_spool_is_given_up(tmp_path: Path) -> None:
    assert spool(tmp_path, most_bytes=10).put(Batch(b"x" * 11, 3)) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_claimed_batch_is_nobody_elses(tmp_path: Path) -> None:
    first, second = spool(tmp_path), spool(tmp_path)
    first.put(Batch(b"one", 1))
    claim = next(first.claims())
    assert list(second.claims()) == []
    claim.release()
    assert bodies(second) == [b"one"]


def test_the_claim_of_a_dead_process_runs_out(tmp_path: Path) -> None:
    dead = spool(tmp_path)
    dead.put(Batch(b"one", 1))
    assert next(dead.claims())
    assert not spool(tmp_path, ahead=LEASE - 5)
    heir = spool(tmp_path, ahead=LEASE + 5)
    assert heir
    assert bodies(heir) == [b"one"]


def test_of_many_that_want_a_batch_one_gets_it(tmp_path: Path) -> None:
    writer = spool(tmp_path)
    for n in range(50):
        writer.put(Batch(b"%d" % n, 1))
    taken: list[bytes] = []

    def take() -> None:
        for claim in spool(tmp_path).claims():
            taken.append(claim.batch.body)
            claim.remove()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(b"%d" % n for n in range(50))


def test_a_batch_that_always_fails_does_not_stand_in_the_way(tmp_path: Path) -> None:
    waiting = spool(tmp_path)
    for body in (b"bad", b"good"):
        waiting.put(Batch(body, 1))
    first = next(waiting.claims())
    first.release()
    assert next(waiting.claims()).batch.body == b"good"


def test_half_written_files_are_never_sent_and_swept_later(tmp_path: Path) -> None:
    (tmp_path / "0001-x-1-1.partial").write_bytes(b"half")
    late = spool(tmp_path, ahead=LEASE + 5)
    assert not late
    late.put(Batch(b"one", 1))
    assert list(tmp_path.glob("*.partial")) == []


def test_a_file_of_someone_else_is_left_alone_or_removed_but_never_sent(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"mine")
    (tmp_path / "strange.batch").write_bytes(b"?")
    assert bodies(spool(tmp_path)) == []
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_a_damaged_batch_is_dropped_and_the_others_are_sent(
    collector: Any, make_client: Any, tmp_path: Path
) -> None:
    collector.stop()
    client = make_client(spool_dir=tmp_path)
    client.report("whole")
    assert client.flush(5)
    client.close()
    [whole] = tmp_path.rglob("*.batch")
    (whole.parent / f"{0:020d}-x-1-7.batch").write_bytes(b"no gzip")
    collector.start()
    heir = make_client(spool_dir=tmp_path)
    [error] = collector.wait_for(1)
    assert error["message"] == "whole"
    assert heir.flush(5)
    assert list(tmp_path.rglob("*.batch")) == []


def test_only_the_owner_may_read_the_spool(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    spool(folder).put(Batch(b"one", 1))
    [file] = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_spool_that_can_not_be_written_falls_back_to_memory(
    collector: Any, make_client: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    collector.stop()
    client = make_client(spool_dir=blocked)
    client.report("x")
    assert client.flush(0.2) is False
    assert "can't be" in caplog.text
    collector.start()
    assert len(collector.wait_for(1)) == 1
    assert os.path.isfile(blocked)
